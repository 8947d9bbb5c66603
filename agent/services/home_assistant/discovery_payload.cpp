// SPDX-License-Identifier: MIT
#include "services/home_assistant/discovery_payload.hpp"

#include <algorithm>
#include <chrono>
#include <initializer_list>

#include <nlohmann/json.hpp>

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
    std::string result;
    for (const char c : text) {
        const bool isUpper = c >= 'A' && c <= 'Z';
        const bool isPlain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        result += isUpper ? static_cast<char>(c - 'A' + 'a') : isPlain ? c : '_';
    }
    return result;
}

/// All components of one device.
class Components {
  public:
    Components(const Config& config, std::optional<milliseconds> interval, const DiscoveredComponents& known)
        : config_(config), base_(config.topics.base), interval_(interval), known_(known) {
        for (const SensorConfig& sensor : config.sensors) addSensor(sensor);
        add("publishing", "switch", "Publishing",
            {{"command_topic", base_ + "/command"},
             {"payload_on", "start"},
             {"payload_off", "stop"},
             {"state_topic", base_ + "/publishing"},
             {"state_on", "ON"},
             {"state_off", "OFF"},
             {"icon", "mdi:thermometer-lines"}});
        if (config.camera.backend != CameraBackend::kNone) addCamera();
        for (const GpioInputConfig& input : config.gpio.inputs) addState("gpio_" + input.name, input.name);
        for (const GpioOutputConfig& output : config.gpio.outputs) addOutput(output);
        addDiagnostics();
    }

    Json take() { return std::move(all_); }

  private:
    /// Home Assistant identifies components by platform and key. One payload cannot remove a switch and add a binary
    /// sensor under one key, so a name that has changed its platform gets another key. Names have no '.'.
    [[nodiscard]] std::string keyFor(const std::string& name, const std::string& platform) const {
        const std::string other = name + '.' + platform;
        const auto former = known_.find(name);
        const bool isTaken = former != known_.end() && former->second != platform;
        return isTaken || known_.count(other) != 0 ? other : name;
    }

    /// `parts` have to be online as well as the agent. QoS is in every component: Home Assistant up to 2026.5
    /// ignores one for the whole device.
    void add(const std::string& key, const char* platform, const std::string& name, const Json& options,
             std::initializer_list<std::string> parts = {}) {
        Json component{{"p", platform},
                       {"name", name},
                       {"unique_id", config_.device.id + '_' + key},
                       {"default_entity_id", platform + ('.' + slug(config_.device.id + '_' + key))},
                       {"qos", 1}};
        component.update(options);
        if (parts.size() > 0) {
            // A list of its own takes the place of the device's.
            Json topics = Json::array({{{"topic", base_ + "/status"}}});
            for (const std::string& part : parts) topics.push_back({{"topic", base_ + part}});
            component["availability"] = std::move(topics);
            component["availability_mode"] = "all";
        }
        all_[keyFor(key, platform)] = std::move(component);
    }

    void addSensor(const SensorConfig& sensor) {
        const std::string topic = base_ + "/sensor/" + sensor.name;
        Json options{{"state_topic", topic},          {"value_template", "{{ value_json.value }}"},
                     {"device_class", "temperature"}, {"unit_of_measurement", "°C"},
                     {"state_class", "measurement"},  {"suggested_display_precision", 1}};
        if (interval_)
            options["expire_after"] = expirySeconds(sensor.interval.count() > 0 ? sensor.interval : *interval_);
        add("sensor_" + sensor.name, "sensor", sensor.name, options, {"/sensor/" + sensor.name + "/status"});
    }

    void addCamera() {
        const std::string shared = discoveryImageTopic(config_);
        const std::string topic = shared.empty() ? config_.image.topic : shared;
        const char* status = "/camera/status";
        add("camera", "camera", "Camera", {{"topic", topic}}, {status});
        add("image", "image", "Last picture", {{"image_topic", topic}, {"content_type", "image/jpeg"}}, {status});
        add("capture", "button", "Capture",
            {{"command_topic", base_ + "/command"}, {"payload_press", "capture"}, {"icon", "mdi:camera"}}, {status});
        if (!config_.camera.motion.enabled) return;
        add("motion", "binary_sensor", "Motion",
            {{"state_topic", base_ + "/camera/motion"},
             {"payload_on", "ON"},
             {"payload_off", "OFF"},
             {"device_class", "motion"}},
            {status});
    }

    void addState(const std::string& key, const std::string& name, Json options = Json::object()) {
        options["state_topic"] = base_ + "/gpio/" + name;
        options["payload_on"] = "ON";
        options["payload_off"] = "OFF";
        add(key, "binary_sensor", name, options);
    }

    void addOutput(const GpioOutputConfig& output) {
        const std::string key = "gpio_" + output.name;
        // A status lamp cannot be set.
        if (output.role == OutputRole::kStatus) return addState(key, output.name, {{"entity_category", "diagnostic"}});
        const std::string topic = base_ + "/gpio/" + output.name;
        add(key, "switch", output.name,
            {{"command_topic", topic + "/set"},
             {"payload_on", "ON"},
             {"payload_off", "OFF"},
             {"state_topic", topic},
             {"state_on", "ON"},
             {"state_off", "OFF"}});
    }

    void addDiagnostic(const std::string& key, const char* platform, const std::string& name, Json options) {
        options["entity_category"] = "diagnostic";
        add("diagnostic_" + key, platform, name, options);
    }

    void addDiagnostics() {
        const std::string health = base_ + "/health";
        addDiagnostic("started", "sensor", "Started",
                      {{"state_topic", base_ + "/info"},
                       {"value_template", "{{ value_json.started_at }}"},
                       {"device_class", "timestamp"}});
        addDiagnostic("memory", "sensor", "Memory",
                      {{"state_topic", health},
                       {"value_template", "{{ value_json.memory_kib }}"},
                       {"device_class", "data_size"},
                       {"unit_of_measurement", "KiB"},
                       {"state_class", "measurement"}});
        addDiagnostic("queued", "sensor", "Readings waiting",
                      {{"state_topic", health},
                       {"value_template", "{{ value_json.readings.queued }}"},
                       {"state_class", "measurement"},
                       {"icon", "mdi:tray-full"}});
        addProblem("clock", "Clock", "{{ value_json.clock }}", "unsynchronised", "synchronised");
        addProblem("journal", "Journal", "{{ value_json.journal.status }}", "degraded", "ok");
    }

    void addProblem(const std::string& key, const std::string& name, const char* value, const char* bad,
                    const char* good) {
        addDiagnostic(key, "binary_sensor", name,
                      {{"state_topic", base_ + "/health"},
                       {"value_template", value},
                       {"device_class", "problem"},
                       {"payload_on", bad},
                       {"payload_off", good}});
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

std::string discoveryBirthTopic(const Config& config) {
    return config.homeAssistant.prefix + "/status";
}

std::string discoveryImageTopic(const Config& config) {
    const bool isNeeded =
        config.homeAssistant.enabled && config.image.isTopicShared && config.camera.backend != CameraBackend::kNone;
    return isNeeded ? config.topics.base + "/jpeg" : "";
}

DiscoveryPayload makeDiscovery(const Config& config, const Identity& identity, std::optional<milliseconds> interval,
                               const DiscoveredComponents& known) {
    Json components = Components(config, interval, known).take();
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
