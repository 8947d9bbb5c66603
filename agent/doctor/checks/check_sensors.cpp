// SPDX-License-Identifier: MIT
#include <chrono>

#include <fmt/core.h>

#include "doctor/checks/checks.hpp"
#include "sensors/sensor.hpp"
#include "services/telemetry/sensor_poll.hpp"

namespace edge {
namespace {

constexpr const char* kCheck = "sensor";
constexpr seconds kOneLimit{10};
constexpr seconds kAllLimit{60};

/// What a Pi's firmware has to be told before such a sensor can be seen; "" where that is not the reason.
std::string firmwareRemedy(const SensorConfig& sensor, const Machine& machine) {
    const auto file = machine.firmwareConfig();
    if (!file) return "";
    if (sensor.type == SensorType::kW1 && !machine.hasFirmwareSetting("dtoverlay=w1-gpio"))
        return fmt::format("1-Wire is not enabled: add \"dtoverlay=w1-gpio\" to {} and reboot", *file);
    const bool mayBeI2c = sensor.type == SensorType::kIio || sensor.type == SensorType::kHwmon;
    if (mayBeI2c && !machine.hasFirmwareSetting("dtparam=i2c_arm=on"))
        return fmt::format(
            "I2C is not enabled: where the sensor is on that bus, add \"dtparam=i2c_arm=on\" and its "
            "dtoverlay to {} and reboot",
            *file);
    return "";
}

Result<double> read(const SensorConfig& sensor, const Machine& machine) {
    auto value = within<Result<double>>(kOneLimit, [sensor, root = machine.path("")] {
        return validateReading(sensor, makeSensor(sensor, root)->readCelsius());
    });
    if (value) return *value;
    return fail(Errc::kTimeout,
                fmt::format("reading timed out after {} s: its driver hangs; check the wiring, and see: "
                            "dmesg",
                            kOneLimit.count()));
}

}  // namespace

Findings checkSensors(const Config& config, const Machine& machine, std::map<std::string, double>& values) {
    if (config.sensors.empty())
        return {{Severity::kNote, kCheck, "none is configured", "to add one, write a [[sensor]] block"}};
    Findings findings;
    const auto end = std::chrono::steady_clock::now() + kAllLimit;
    for (const SensorConfig& sensor : config.sensors) {
        if (std::chrono::steady_clock::now() >= end) {
            findings.push_back({Severity::kWarning, kCheck,
                                fmt::format("{} and the sensors after it were not read: the check timed out after {} s",
                                            sensor.name, kAllLimit.count()),
                                ""});
            break;
        }
        const Result<double> value = read(sensor, machine);
        if (!value) {
            const bool isAbsent = value.error().code == Errc::kNotFound;
            findings.push_back({Severity::kError, kCheck, fmt::format("{}: {}", sensor.name, value.error().message),
                                isAbsent ? firmwareRemedy(sensor, machine) : ""});
            continue;
        }
        values[sensor.name] = *value;
        if (sensor.type == SensorType::kSimulated) {
            findings.push_back({Severity::kWarning, kCheck,
                                fmt::format("{}: {:.3f} °C, simulated", sensor.name, *value),
                                "set type to that of a real sensor"});
        } else {
            findings.push_back({Severity::kFine, kCheck, fmt::format("{}: {:.3f} °C", sensor.name, *value)});
        }
    }
    return findings;
}

}  // namespace edge
