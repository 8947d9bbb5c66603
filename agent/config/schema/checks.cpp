// SPDX-License-Identifier: MIT
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "config/schema/schema.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

/// Adds diagnostics for keys that have none yet.
class Checker {
  public:
    Checker(const Config& config, Diagnostics& diagnostics) : config_(config), diagnostics_(diagnostics) {}

    [[nodiscard]] bool isGood(const std::string& path) const { return !diagnostics_.has(path); }

    [[nodiscard]] bool isSet(const std::string& path) const { return config_.locations.count(path) != 0; }

    void reject(const std::string& path, const std::string& text) {
        if (isGood(path)) diagnostics_.add(path, text);
    }

    /// Points at the one of the two that the file sets.
    void rejectPair(const std::string& first, const std::string& second, const std::string& text) {
        if (isGood(first) && isGood(second)) reject(isSet(first) ? first : second, text);
    }

    void requirePath(const std::string& path, const std::string& value, const char* allowed) {
        if (value.starts_with('/')) return;
        reject(path, fmt::format("{}; allowed: {}", value.empty() ? "is empty" : "does not begin with '/'", allowed));
    }

    /// `used` maps each value to the key that has it.
    void requireUnique(std::map<std::string, std::string>& used, const std::string& value, const std::string& path,
                       const char* noun) {
        if (!isGood(path)) return;
        const auto [other, isNew] = used.emplace(value, path);
        if (isNew) return;
        reject(path, fmt::format("{} is already used {}; allowed: each {} once", inQuotes(value),
                                 placeOf(other->second, path), noun));
    }

    /// Where `other` is set, for a message about `path`: "in line 3", or "in FILE:3" for another file.
    [[nodiscard]] std::string placeOf(const std::string& other, const std::string& path) const {
        const Location place = locationOf(config_, other);
        return place.file == locationOf(config_, path).file ? fmt::format("in line {}", place.line)
                                                            : "in " + toString(place);
    }

    void rejectTopic(const std::string& path, const std::string& topic, const std::string& text) {
        constexpr std::size_t kMaxShownBytes = 60;
        reject(path, fmt::format("\"{}\" {}; allowed: a topic of its own", printable(topic, kMaxShownBytes), text));
    }

  private:
    const Config& config_;
    Diagnostics& diagnostics_;
};

void checkConnection(const Config& config, Checker& checker) {
    const MqttConfig& mqtt = config.mqtt;
    if (mqtt.reconnectMin > mqtt.reconnectMax) {
        checker.rejectPair(
            "mqtt.reconnect_min", "mqtt.reconnect_max",
            fmt::format("reconnect_min = \"{}\" is longer than reconnect_max = \"{}\"; allowed: at most that",
                        formatDuration(mqtt.reconnectMin), formatDuration(mqtt.reconnectMax)));
    }
    if (mqtt.tls.certFile.empty() != mqtt.tls.keyFile.empty()) {
        const bool isCert = mqtt.tls.keyFile.empty();
        checker.reject(isCert ? "mqtt.tls.cert_file" : "mqtt.tls.key_file",
                       fmt::format("is set without {}; allowed: both for a client certificate, or none",
                                   isCert ? "key_file" : "cert_file"));
    }
    const bool hasOnlyPassword = !mqtt.passwordFile.empty() && mqtt.username.empty();
    if (hasOnlyPassword && mqtt.protocol == Protocol::kV311 && checker.isGood("mqtt.username") &&
        checker.isGood("mqtt.protocol")) {
        checker.reject("mqtt.password_file",
                       "is set without username; allowed: both, because MQTT 3.1.1 has no password alone");
    }
    if (config.homeAssistant.enabled && config.topics.base.empty()) {
        checker.reject("home_assistant.enabled",
                       "needs topics below topics.base; allowed: true only if topics.base is not \"\"");
    }
}

/// The folder of a further agent's configuration gives its id the ending.
void checkId(const std::string& id, Checker& checker) {
    if (isWord(id, "_-")) return;
    checker.reject("device.id", fmt::format("\"{}\" ends in the name of the folder; allowed: a folder whose name has "
                                            "letters, digits, '_' and '-' alone",
                                            printable(id)));
}

/// A further agent's folder is beside the pictures of the first one, which may not be configured on this machine.
void checkJournal(const JournalConfig& journal, Checker& checker) {
    const auto folder = std::filesystem::path(journal.path).lexically_normal().parent_path();
    if (folder == std::filesystem::path(JournalConfig{}.path).parent_path() / kPictureFolder) {
        checker.reject("journal.path",
                       fmt::format("{} is for the pictures of the first agent; allowed: another folder, which a second "
                                   "agent with another name has by itself",
                                   folder.string()));
    }
}

void checkCamera(const CameraConfig& camera, Checker& checker) {
    if (camera.motion.enabled && camera.backend == CameraBackend::kNone)
        checker.reject("camera.motion.enabled", "needs a camera; allowed: true only if camera.backend is not \"none\"");
    if (camera.backend == CameraBackend::kReplay) {
        checker.requirePath(
            "camera.device", camera.device,
            "the absolute path of the directory with the JPEG files, because camera.backend is \"replay\"");
    }
}

void checkQuantity(const SensorConfig& sensor, const std::string& path, Checker& checker) {
    if (!checker.isGood(path + ".type") || !checker.isGood(path + ".quantity")) return;
    const QuantityInfo& info = infoOf(sensor.quantity);
    const bool hasChannels = sensor.type == SensorType::kIio || sensor.type == SensorType::kHwmon;
    const bool isThermometer = sensor.type == SensorType::kW1 || sensor.type == SensorType::kThermal;
    if (isThermometer && sensor.quantity != Quantity::kTemperature)
        checker.reject(path + ".quantity", "this type measures temperature only; allowed: \"temperature\"");
    if (!hasChannels && !sensor.channel.empty())
        checker.reject(path + ".channel", "this type has no channels; allowed: only with type \"iio\" or \"hwmon\"");
    if (hasChannels && sensor.quantity == Quantity::kNumber && sensor.channel.empty()) {
        checker.reject(checker.isSet(path + ".channel") ? path + ".channel" : path + ".quantity",
                       "\"number\" needs a channel; allowed: one that pi-edge-agent sensors lists, like \"voltage0\"");
    }
    if (sensor.quantity != Quantity::kNumber && !sensor.unit.empty()) {
        checker.reject(path + ".unit", fmt::format("{} is always in {}; allowed: only with quantity = \"number\"",
                                                   info.name, info.unit));
    }
    const double min = sensor.min.value_or(info.min);
    const double max = sensor.max.value_or(info.max);
    if (min >= max) {
        checker.rejectPair(path + ".min", path + ".max",
                           fmt::format("min = {} is not below max = {}; allowed: min < max", min, max));
    }
}

void checkSensors(const Config& config, Checker& checker) {
    std::map<std::string, std::string> names;
    for (std::size_t i = 0; i < config.sensors.size(); ++i) {
        const SensorConfig& sensor = config.sensors[i];
        const std::string path = fmt::format("sensor[{}]", i);
        checker.requireUnique(names, sensor.name, path + ".name", "name");
        const bool isTypeGood = checker.isGood(path + ".type");
        if (isTypeGood && sensor.type == SensorType::kFile) {
            checker.requirePath(path + ".device", sensor.device,
                                "the absolute path of the file, because type is \"file\"");
        }
        if (isTypeGood && sensor.type == SensorType::kW1 && sensor.device.find('/') != std::string::npos) {
            checker.reject(path + ".device",
                           "has a '/'; allowed: \"\" or the name below /sys/bus/w1/devices, like \"28-0316a2799af1\"");
        }
        checkQuantity(sensor, path, checker);
    }
}

void checkGpio(const GpioConfig& gpio, Checker& checker) {
    std::map<std::string, std::string> names;
    std::map<std::string, std::string> lines;
    const auto check = [&](const char* table, const auto& blocks) {
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            const auto& block = blocks[i];
            const std::string path = fmt::format("{}[{}]", table, i);
            checker.requireUnique(names, block.name, path + ".name", "name");
            if (!checker.isGood(path + ".chip")) continue;
            // On the header's chip every Pi calls offset 17 "GPIO17".
            const std::string line = !block.line.name.empty()
                                         ? block.line.name
                                         : (block.chip.empty() ? "GPIO" : "") + std::to_string(block.line.offset);
            const std::string place = block.chip.empty() ? line : fmt::format("{} of {}", line, block.chip);
            checker.requireUnique(lines, place, path + ".line", "GPIO line");
        }
    };
    check("gpio.output", gpio.outputs);
    check("gpio.input", gpio.inputs);
}

void checkTimes(const ScheduleConfig& schedule, const std::string& path, Checker& checker) {
    if (!checker.isGood(path + ".every") || !checker.isGood(path + ".at")) return;
    const bool isEverySet = checker.isSet(path + ".every");
    if (schedule.rule.at.empty() && !isEverySet) checker.reject(path, "has neither every nor at; allowed: one of them");
    if (!schedule.rule.at.empty() && isEverySet)
        checker.reject(path + ".at", "is set together with every; allowed: one of them");
    const bool hasPlace = checker.isSet("device.latitude") && checker.isSet("device.longitude");
    for (const auto& [key, times] :
         {std::pair(".at", &schedule.rule.at), std::pair(".between", &schedule.rule.between)}) {
        if (!hasPlace && std::ranges::any_of(*times, &DayTime::isOfSun)) {
            checker.reject(path + key,
                           "has sunrise or sunset without a place; allowed: times like \"07:30\", or set "
                           "latitude and longitude in [device]");
        }
    }
}

void checkAction(const Config& config, const ScheduleConfig& schedule, const std::string& path, Checker& checker) {
    const std::string& action = schedule.action;
    if (!checker.isGood(path)) return;
    if (action == "capture" && config.camera.backend == CameraBackend::kNone)
        checker.reject(path, "needs a camera; allowed: \"capture\" only if camera.backend is not \"none\"");
    const std::size_t equals = action.find('=');
    if (equals == std::string::npos) return;
    const std::string name = action.substr(0, equals);
    const auto& outputs = config.gpio.outputs;
    const auto output = std::ranges::find(outputs, name, &GpioOutputConfig::name);
    if (output == outputs.end()) {
        checker.reject(path,
                       fmt::format("{} is not an output; allowed: the name of a [[gpio.output]]", inQuotes(name)));
    } else if (output->role == OutputRole::kStatus) {
        checker.reject(
            path, fmt::format("output {} shows the agent's own status; allowed: one with role = \"\"", inQuotes(name)));
    }
}

void checkSchedules(const Config& config, Checker& checker) {
    std::map<std::string, std::string> names;
    for (std::size_t i = 0; i < config.schedules.size(); ++i) {
        const std::string path = fmt::format("schedule[{}]", i);
        if (!checker.isSet(path + ".name")) checker.reject(path + ".name", "is missing; allowed: a name of its own");
        checker.requireUnique(names, config.schedules[i].name, path + ".name", "name");
        checkTimes(config.schedules[i], path, checker);
        checkAction(config, config.schedules[i], path + ".action", checker);
    }
}

/// Which topics the agent publishes and subscribes to. docs/mqtt.md lists them.
class TopicChecker {
  public:
    TopicChecker(const Config& config, Checker& checker) : config_(config), checker_(checker) {}

    void check() {
        checkLength("topics.command", config_.topics.command);
        checkLength("topics.base", config_.topics.base, kMaxTopicPrefixBytes);
        checkLength("image.topic", config_.image.topic);
        for (std::size_t i = 0; i < config_.sensors.size(); ++i) checkLength(sensorPath(i), config_.sensors[i].topic);

        if (!config_.topics.base.empty()) collectBelow(config_.topics.base + '/');
        if (config_.homeAssistant.enabled) {
            subscribe("home_assistant.prefix", config_.homeAssistant.prefix + "/status");
            published_.insert(fmt::format("{}/device/{}/config", config_.homeAssistant.prefix, config_.device.id));
        }
        if (!config_.topics.command.empty()) subscribe("topics.command", config_.topics.command);

        publish("image.topic", config_.image.topic);
        for (std::size_t i = 0; i < config_.sensors.size(); ++i) {
            if (!config_.sensors[i].topic.empty()) publish(sensorPath(i), config_.sensors[i].topic);
        }
    }

  private:
    static std::string sensorPath(std::size_t index) { return fmt::format("sensor[{}].topic", index); }

    void checkLength(const std::string& path, const std::string& topic, std::size_t maxBytes = kMaxTopicBytes) {
        if (topic.size() <= maxBytes) return;
        checker_.reject(path,
                        fmt::format("is {} bytes long with {{id}} replaced; allowed: {}", topic.size(), maxBytes));
    }

    void collectBelow(const std::string& base) {
        for (const char* name : {"response", "status", "info", "health", "publishing", "image", "live", "settings",
                                 "camera/status", "camera/live", "camera/motion"}) {
            published_.insert(base + name);
        }
        for (const std::string& topic : switchTopics(config_)) {
            published_.insert(base + topic);
            subscribed_.insert(base + topic + "/set");
        }
        if (config_.homeAssistant.enabled && config_.image.isTopicShared) published_.insert(base + "jpeg");
        for (const SensorConfig& sensor : config_.sensors) {
            const std::string topic = base + "sensor/" + sensor.name;
            published_.insert({topic, topic + "/status", topic + "/backlog"});
        }
        for (const GpioInputConfig& input : config_.gpio.inputs) published_.insert(base + "gpio/" + input.name);
        for (const GpioOutputConfig& output : config_.gpio.outputs) {
            published_.insert(base + "gpio/" + output.name);
            subscribed_.insert(base + "gpio/" + output.name + "/set");
        }
        for (const ScheduleConfig& schedule : config_.schedules)
            published_.insert(base + "schedule/" + schedule.name + "/next");
        subscribed_.insert(base + "command");
    }

    void subscribe(const std::string& path, const std::string& topic) {
        if (published_.count(topic) != 0)
            checker_.rejectTopic(path, topic, "is published by the agent, which would answer itself");
        // The broadcast topic may be the agent's own command topic: one subscription serves both.
        const bool isCommand = path == "topics.command" && topic == config_.topics.base + "/command";
        if (!subscribed_.insert(topic).second && !isCommand)
            checker_.rejectTopic(path, topic, "is subscribed to for something else");
    }

    void publish(const std::string& path, const std::string& topic) {
        if (!checker_.isGood(path)) return;
        if (subscribed_.count(topic) != 0)
            checker_.rejectTopic(path, topic, "is subscribed to by the agent, which would answer itself");
        if (published_.count(topic) != 0)
            checker_.rejectTopic(path, topic, "is published by the agent for something else");
        const auto [other, isNew] = paths_.emplace(topic, path);
        if (isNew) return;
        const bool isSet = config_.locations.count(other->second) != 0;
        checker_.rejectTopic(path, topic,
                             fmt::format("is {} {} too", withoutIndex(other->second),
                                         isSet ? checker_.placeOf(other->second, path) : "by default"));
    }

    const Config& config_;
    Checker& checker_;
    std::set<std::string> published_;
    std::set<std::string> subscribed_;
    std::map<std::string, std::string> paths_;  ///< of the plain topics: which key has it
};

}  // namespace

void validate(const Config& config, Diagnostics& diagnostics) {
    Checker checker(config, diagnostics);
    checkConnection(config, checker);
    checkId(config.device.id, checker);
    checkJournal(config.journal, checker);
    checkCamera(config.camera, checker);
    checkSensors(config, checker);
    checkGpio(config.gpio, checker);
    checkSchedules(config, checker);
    TopicChecker(config, checker).check();
}

}  // namespace edge
