// SPDX-License-Identifier: MIT
#include "services/home_assistant/discovery_payload.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>

#include <nlohmann/json.hpp>

#include "core/text.hpp"
#include "core/version.hpp"

namespace edge {
namespace {

using Json = nlohmann::ordered_json;

/// A reading is missed twice before its value expires; short intervals get time for a reconnect.
constexpr int kMissedReadings = 3;
constexpr seconds kShortestExpiry{30};

int expirySeconds(milliseconds interval) {
    const auto whole = std::chrono::ceil<seconds>(interval * kMissedReadings);
    return static_cast<int>(std::max(whole, kShortestExpiry).count());
}

/// Home Assistant's entity ids have lower-case letters, digits and '_'.
std::string slug(const std::string& text) {
    std::string result = toLower(text);
    const auto isPlain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    std::ranges::replace_if(result, std::not_fn(isPlain), '_');
    return result;
}

// The entities that every device has in the same way. "~" stands for topics.base.
constexpr const char* kCommon = R"({
    "publishing": {"p": "switch", "name": "Publishing", "icon": "mdi:thermometer-lines",
        "command_topic": "~/command", "payload_on": "start", "payload_off": "stop",
        "state_topic": "~/publishing", "state_on": "ON", "state_off": "OFF"},
    "interval": {"p": "number", "name": "Interval", "entity_category": "config", "device_class": "duration",
        "state_topic": "~/health", "value_template": "{{ value_json.readings.interval_s }}",
        "command_topic": "~/command", "unit_of_measurement": "s", "mode": "box", "min": 0.1, "max": 86400, "step": 0.1,
        "command_template":
            "{\"command\":\"set\",\"values\":{\"telemetry.interval\":\"{{ (value * 1000) | round | int }}ms\"}}"}
})";

// The diagnostics, each a sensor of health unless it says otherwise. `value` is where it is in the JSON; what health
// leaves out for a while, as Wi-Fi that is not connected, is None: unknown.
constexpr const char* kDiagnostics = R"json({
    "started": {"name": "Started", "state_topic": "~/info", "value": "started_at", "device_class": "timestamp"},
    "memory": {"name": "Memory", "value": "memory_kib", "device_class": "data_size", "unit_of_measurement": "KiB",
        "state_class": "measurement"},
    "queued": {"name": "Readings waiting", "value": "readings.queued", "state_class": "measurement",
        "icon": "mdi:tray-full"},
    "clock": {"p": "binary_sensor", "name": "Clock", "value": "clock", "device_class": "problem",
        "payload_on": "unsynchronised", "payload_off": "synchronised"},
    "journal": {"p": "binary_sensor", "name": "Journal", "value": "journal.status", "device_class": "problem",
        "payload_on": "degraded", "payload_off": "ok"},
    "load": {"name": "Load", "value": "board.load_1m", "state_class": "measurement", "icon": "mdi:gauge"},
    "memory_available": {"name": "Memory available", "value": "board.memory_available_kib",
        "device_class": "data_size", "unit_of_measurement": "KiB", "state_class": "measurement"},
    "disk_free": {"name": "Disk free", "value": "board.disk_free_kib", "device_class": "data_size",
        "unit_of_measurement": "KiB", "state_class": "measurement"},
    "addresses": {"name": "IP addresses", "value": "board.addresses | join(', ')", "icon": "mdi:ip-network"},
    "cpu_temperature": {"name": "Processor", "value": "board.get('cpu_temperature_c')", "device_class": "temperature",
        "unit_of_measurement": "°C", "state_class": "measurement"},
    "wifi": {"name": "Wi-Fi signal", "value": "board.get('wifi', {}).get('signal_dbm')",
        "device_class": "signal_strength", "unit_of_measurement": "dBm", "state_class": "measurement"},
    "undervoltage": {"p": "binary_sensor", "name": "Undervoltage",
        "value": "board.get('undervoltage', {}).get('now')", "device_class": "problem",
        "payload_on": "True", "payload_off": "False"},
    "throttled": {"p": "binary_sensor", "name": "Throttled", "value": "board.get('throttled', {}).get('now')",
        "device_class": "problem", "payload_on": "True", "payload_off": "False"}
})json";

// With a camera. The topic of its pictures is added to the first two.
constexpr const char* kCamera = R"({
    "camera": {"p": "camera", "name": "Camera"},
    "image": {"p": "image", "name": "Last picture", "content_type": "image/jpeg"},
    "capture": {"p": "button", "name": "Capture", "icon": "mdi:camera",
        "command_topic": "~/command", "payload_press": "capture"},
    "live": {"p": "switch", "name": "Live view", "icon": "mdi:video", "command_topic": "~/command",
        "payload_on": "{\"command\":\"live\",\"for\":\"5m\"}", "payload_off": "{\"command\":\"live\",\"for\":\"0s\"}",
        "state_topic": "~/camera/live", "state_on": "ON", "state_off": "OFF"},
    "live_camera": {"p": "camera", "name": "Live", "topic": "~/live"}
})";
constexpr const char* kMotionSwitch = R"({
    "motion_enabled": {"p": "switch", "name": "Motion detection", "entity_category": "config", "icon": "mdi:motion-sensor",
        "command_topic": "~/camera/motion/enabled/set", "state_topic": "~/camera/motion/enabled",
        "payload_on": "ON", "payload_off": "OFF"}
})";
constexpr const char* kMotion = R"({
    "motion": {"p": "binary_sensor", "name": "Motion", "device_class": "motion",
        "state_topic": "~/camera/motion", "payload_on": "ON", "payload_off": "OFF"}
})";

/// All components of one device.
class Components {
  public:
    Components(const Config& config, std::optional<milliseconds> interval, const BoardParts& board,
               const DiscoveredComponents& known)
        : config_(config), base_(config.topics.base), interval_(interval), known_(known) {
        for (const SensorConfig& sensor : config.sensors) addSensor(sensor);
        addAll(read(kCommon));
        addDiagnostics(board);
        if (config.camera.backend != CameraBackend::kNone) addCamera();
        for (const GpioInputConfig& input : config.gpio.inputs) addLine(input.name, "binary_sensor");
        for (const GpioOutputConfig& output : config.gpio.outputs) addOutput(output);
        for (const ScheduleConfig& schedule : config.schedules) addSchedule(schedule.name);
    }

    Json take() { return std::move(all_); }

  private:
    [[nodiscard]] Json read(const char* text) const {
        Json components = Json::parse(text);
        for (Json& component : components) {
            for (Json& value : component) {
                const auto* path = value.get_ptr<const std::string*>();
                if (path != nullptr && path->starts_with("~/")) value = base_ + path->substr(1);
            }
        }
        return components;
    }

    /// Home Assistant identifies components by platform and key. One payload cannot remove a switch and add a binary
    /// sensor under one key, so a name that has changed its platform gets another key. Names have no '.'.
    [[nodiscard]] std::string keyFor(const std::string& name, const std::string& platform) const {
        const std::string other = name + '.' + platform;
        const auto former = known_.find(name);
        const bool isTaken = former != known_.end() && former->second != platform;
        return isTaken || known_.count(other) != 0 ? other : name;
    }

    /// `part` is the status topic, below the base, of what has to be online as well as the agent; "" = nothing. QoS is
    /// in every component: Home Assistant up to 2026.5 ignores one for the whole device.
    void add(const std::string& key, Json component, const std::string& part = "") {
        const std::string platform = component["p"];
        component["unique_id"] = config_.device.id + '_' + key;
        component["default_entity_id"] = platform + '.' + slug(config_.device.id + '_' + key);
        component["qos"] = 1;
        if (!part.empty()) {
            // A component's own list replaces the device's.
            component["availability"] = Json::array({{{"topic", base_ + "/status"}}, {{"topic", base_ + part}}});
            component["availability_mode"] = "all";
        }
        all_[keyFor(key, platform)] = std::move(component);
    }

    void addAll(const Json& components, const std::string& part = "") {
        for (const auto& [key, component] : components.items()) add(key, component, part);
    }

    void addSensor(const SensorConfig& sensor) {
        const std::string topic = "/sensor/" + sensor.name;
        Json component{{"p", "sensor"},
                       {"name", sensor.name},
                       {"state_topic", base_ + topic},
                       {"value_template", "{{ value_json.value }}"},
                       {"state_class", "measurement"},
                       {"suggested_display_precision", infoOf(sensor.quantity).shownDecimals}};
        const std::string_view deviceClass = infoOf(sensor.quantity).deviceClass;
        if (!deviceClass.empty()) component["device_class"] = deviceClass;
        if (const std::string unit = unitOf(sensor); !unit.empty()) component["unit_of_measurement"] = unit;
        if (interval_)
            component["expire_after"] = expirySeconds(sensor.interval.count() > 0 ? sensor.interval : *interval_);
        add("sensor_" + sensor.name, std::move(component), topic + "/status");
    }

    /// Parts that not every board has are offered where they are there, or were.
    void addDiagnostics(const BoardParts& board) {
        const std::map<std::string, bool> isThere{{"cpu_temperature", board.hasTemperature},
                                                  {"wifi", board.hasWifi},
                                                  {"undervoltage", board.hasPowerFlags},
                                                  {"throttled", board.hasPowerFlags}};
        const Json diagnostics = read(kDiagnostics);
        for (const auto& [name, own] : diagnostics.items()) {
            const std::string key = "diagnostic_" + name;
            const auto part = isThere.find(name);
            if (part != isThere.end() && !part->second && !known_.contains(key)) continue;
            Json component{{"p", "sensor"}, {"entity_category", "diagnostic"}, {"state_topic", base_ + "/health"}};
            component.update(own);
            component["value_template"] = "{{ value_json." + own.at("value").get<std::string>() + " }}";
            component.erase("value");
            add(key, std::move(component));
        }
    }

    void addCamera() {
        const std::string shared = discoveryImageTopic(config_);
        Json components = read(kCamera);
        components["camera"]["topic"] = components["image"]["image_topic"] =
            shared.empty() ? config_.image.topic : shared;
        if (config_.camera.motion.enabled) components.update(read(kMotion));
        addAll(components, "/camera/status");
        addAll(read(kMotionSwitch));
    }

    void addLine(const std::string& name, const char* platform, const Json& options = Json::object()) {
        Json component{{"p", platform},
                       {"name", name},
                       {"state_topic", base_ + "/gpio/" + name},
                       {"payload_on", "ON"},
                       {"payload_off", "OFF"}};
        component.update(options);
        add("gpio_" + name, std::move(component));
    }

    void addOutput(const GpioOutputConfig& output) {
        // A status lamp cannot be set.
        if (output.role == OutputRole::kStatus)
            return addLine(output.name, "binary_sensor", {{"entity_category", "diagnostic"}});
        addLine(output.name, "switch",
                {{"command_topic", base_ + "/gpio/" + output.name + "/set"}, {"state_on", "ON"}, {"state_off", "OFF"}});
    }

    void addSchedule(const std::string& name) {
        const std::string topic = base_ + "/schedule/" + name;
        add("schedule_" + name, {{"p", "switch"},
                                 {"name", "Schedule " + name},
                                 {"icon", "mdi:calendar-clock"},
                                 {"command_topic", topic + "/enabled/set"},
                                 {"state_topic", topic + "/enabled"},
                                 {"payload_on", "ON"},
                                 {"payload_off", "OFF"}});
        // "None" is what Home Assistant takes for an unknown value.
        add("next_turn_" + name, {{"p", "sensor"},
                                  {"name", "Next turn of " + name},
                                  {"state_topic", topic + "/next"},
                                  {"value_template", "{{ None if value == 'none' else value }}"},
                                  {"device_class", "timestamp"}});
    }

    const Config& config_;
    std::string base_;
    std::optional<milliseconds> interval_;
    const DiscoveredComponents& known_;
    Json all_ = Json::object();
};

Json deviceOf(const Config& config, const Identity& identity) {
    Json device{{"ids", Json::array({config.device.id})}, {"name", config.device.name}, {"sw", kVersion}};
    if (!identity.model.empty() && identity.model != "unknown") device["mdl"] = identity.model;
    if (identity.model.starts_with("Raspberry Pi")) device["mf"] = "Raspberry Pi";
    return device;
}

}  // namespace

std::string discoveryTopic(const Config& config) {
    return config.homeAssistant.prefix + "/device/" + config.device.id + "/config";
}

std::string discoveryImageTopic(const Config& config) {
    const bool isNeeded =
        config.homeAssistant.enabled && config.image.isTopicShared && config.camera.backend != CameraBackend::kNone;
    return isNeeded ? config.topics.base + "/jpeg" : "";
}

DiscoveryPayload makeDiscovery(const Config& config, const Identity& identity, std::optional<milliseconds> interval,
                               const BoardParts& board, const DiscoveredComponents& known) {
    Json components = Components(config, interval, board, known).take();
    for (const auto& [key, platform] : known) {
        if (!components.contains(key)) components[key] = {{"p", platform}};
    }
    DiscoveryPayload payload;
    for (const auto& [key, component] : components.items()) payload.components[key] = component["p"];
    // One key that Home Assistant does not know in "dev" or "o" makes it drop the whole payload.
    const Json json{{"dev", deviceOf(config, identity)},
                    {"o", {{"name", "pi-edge-agent"}, {"sw", kVersion}}},
                    {"avty", Json::array({{{"t", config.topics.base + "/status"}}})},
                    {"avty_mode", "all"},
                    {"cmps", std::move(components)}};
    payload.json = json.dump(-1, ' ', false, Json::error_handler_t::replace);
    return payload;
}

}  // namespace edge
