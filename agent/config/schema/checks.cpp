// SPDX-License-Identifier: MIT
#include "config/schema/checks.hpp"

#include <map>
#include <string>
#include <utility>

#include <fmt/core.h>

namespace edge {
namespace {

class KeyChecker {
  public:
    KeyChecker(const Config& config, Mistakes& mistakes) : config_(config), mistakes_(mistakes) {}

    void checkConnection() {
        const MqttConfig& mqtt = config_.mqtt;
        if (mqtt.reconnectMin > mqtt.reconnectMax) {
            complainAboutPair(
                "mqtt.reconnect_min", "mqtt.reconnect_max",
                fmt::format("reconnect_min = \"{}\" is longer than reconnect_max = \"{}\"; allowed: at most that",
                            formatDuration(mqtt.reconnectMin), formatDuration(mqtt.reconnectMax)));
        }
        if (mqtt.tls.certFile.empty() != mqtt.tls.keyFile.empty()) {
            const bool isCert = mqtt.tls.keyFile.empty();
            complain(isCert ? "mqtt.tls.cert_file" : "mqtt.tls.key_file",
                     fmt::format("is set without {}; allowed: both for a client certificate, or none",
                                 isCert ? "key_file" : "cert_file"));
        }
        const bool hasLonePassword = !mqtt.passwordFile.empty() && mqtt.username.empty();
        if (hasLonePassword && mqtt.protocol == Protocol::kV311 && isGood("mqtt.username") && isGood("mqtt.protocol")) {
            complain("mqtt.password_file",
                     "is set without username; allowed: both, as MQTT 3.1.1 knows no password alone");
        }
        if (config_.homeAssistant.enabled && config_.topics.base.empty()) {
            complain("home_assistant.enabled",
                     "needs topics below topics.base; allowed: true only where topics.base is not \"\"");
        }
    }

    void checkCamera() {
        const CameraConfig& camera = config_.camera;
        if (camera.motion.enabled && camera.backend == CameraBackend::kNone && isGood("camera.motion.enabled"))
            complain("camera.motion.enabled",
                     "needs a camera; allowed: true only where camera.backend is not \"none\"");
        if (camera.backend != CameraBackend::kReplay) return;
        checkPath("camera.device", camera.device,
                  "the absolute path of the directory with the JPEG files, as camera.backend is \"replay\"");
    }

    void checkSensors() {
        for (std::size_t i = 0; i < config_.sensors.size(); ++i) {
            const SensorConfig& sensor = config_.sensors[i];
            const std::string path = fmt::format("sensor[{}]", i);
            takeName(sensors_, sensor.name, path + ".name");
            const bool isTypeGood = isGood(path + ".type");
            if (isTypeGood && sensor.type == SensorType::kFile)
                checkPath(path + ".device", sensor.device, "the absolute path of the file, as type is \"file\"");
            if (isTypeGood && sensor.type == SensorType::kW1 && sensor.device.find('/') != std::string::npos) {
                complain(path + ".device",
                         "has a '/'; allowed: \"\" or the name below /sys/bus/w1/devices, like \"28-0316a2799af1\"");
            }
            if (sensor.min >= sensor.max) {
                complainAboutPair(
                    path + ".min", path + ".max",
                    fmt::format("min = {} is not below max = {}; allowed: min < max", sensor.min, sensor.max));
            }
        }
    }

    void checkGpio() {
        for (std::size_t i = 0; i < config_.gpio.outputs.size(); ++i) {
            const GpioOutputConfig& output = config_.gpio.outputs[i];
            checkLine(fmt::format("gpio.output[{}]", i), output.name, output.chip, output.line);
        }
        for (std::size_t i = 0; i < config_.gpio.inputs.size(); ++i) {
            const GpioInputConfig& input = config_.gpio.inputs[i];
            checkLine(fmt::format("gpio.input[{}]", i), input.name, input.chip, input.line);
        }
    }

  private:
    [[nodiscard]] bool isGood(const std::string& path) const { return !mistakes_.has(path); }

    void complain(const std::string& path, std::string text) {
        mistakes_.add(lineOf(config_, path), path, std::move(text));
    }

    void checkPath(const std::string& path, const std::string& value, const char* allowed) {
        if (!isGood(path) || value.starts_with('/')) return;
        complain(path, fmt::format("{}; allowed: {}", value.empty() ? "is empty" : "does not begin with '/'", allowed));
    }

    /// Points at the one of the two that the file sets.
    void complainAboutPair(const std::string& first, const std::string& second, std::string text) {
        if (!isGood(first) || !isGood(second)) return;
        complain(config_.lines.count(first) != 0 ? first : second, std::move(text));
    }

    void takeName(std::map<std::string, int>& taken, const std::string& name, const std::string& path) {
        if (!isGood(path)) return;
        const int line = lineOf(config_, path);
        const auto [other, isNew] = taken.emplace(name, line);
        if (!isNew)
            complain(path, fmt::format("\"{}\" is taken by line {}; allowed: a name of its own", name, other->second));
    }

    void checkLine(const std::string& path, const std::string& name, const std::string& chip, const GpioLine& line) {
        takeName(gpios_, name, path + ".name");
        if (!isGood(path + ".line") || !isGood(path + ".chip")) return;
        // On the header's chip "GPIO17" is what every Pi calls offset 17.
        const std::string byOffset = chip.empty() ? fmt::format("GPIO{}", line.offset) : fmt::format("{}", line.offset);
        const auto key = std::pair(chip, line.name.empty() ? byOffset : line.name);
        const auto [other, isNew] = gpioLines_.emplace(key, lineOf(config_, path + ".line"));
        if (isNew) return;
        complain(path + ".line",
                 fmt::format("is used by line {} already; allowed: each GPIO line once", other->second));
    }

    const Config& config_;
    Mistakes& mistakes_;
    std::map<std::string, int> sensors_;
    std::map<std::string, int> gpios_;
    std::map<std::pair<std::string, std::string>, int> gpioLines_;
};

}  // namespace

int lineOf(const Config& config, const std::string& path) {
    for (std::string_view left = path; !left.empty();) {
        if (const auto found = config.lines.find(std::string(left)); found != config.lines.end()) return found->second;
        const auto dot = left.rfind('.');
        if (dot == std::string_view::npos) break;
        left = left.substr(0, dot);
    }
    return 1;
}

void checkKeysTogether(const Config& config, Mistakes& mistakes) {
    KeyChecker checker(config, mistakes);
    checker.checkConnection();
    checker.checkCamera();
    checker.checkSensors();
    checker.checkGpio();
}

}  // namespace edge
