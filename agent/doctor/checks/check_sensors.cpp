// SPDX-License-Identifier: MIT
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "doctor/checks/checks.hpp"
#include "sensors/sensor.hpp"
#include "services/telemetry/sensor_channel.hpp"

namespace edge {
namespace {

constexpr const char* kCheck = "sensor";
constexpr seconds kOneLimit{10};
constexpr seconds kAllLimit{60};

/// What a Pi's firmware has to be told before a sensor on that bus can be seen; "" where that is not the reason.
std::string firmwareRemedy(SensorType type, const Machine& machine) {
    const auto file = machine.firmwareConfig();
    if (!file) return "";
    if (type == SensorType::kW1 && !machine.hasFirmwareSetting("dtoverlay=w1-gpio"))
        return fmt::format("1-Wire is not enabled: add \"dtoverlay=w1-gpio\" to {} and reboot", *file);
    const bool mayBeI2c = type == SensorType::kIio || type == SensorType::kHwmon;
    if (mayBeI2c && !machine.hasFirmwareSetting("dtparam=i2c_arm=on"))
        return fmt::format(
            "I2C is not enabled: where the sensor is on that bus, add \"dtparam=i2c_arm=on\" and its "
            "dtoverlay to {} and reboot",
            *file);
    return "";
}

/// 1-Wire buses on which no device answers.
void add1WireHints(const Machine& machine, std::vector<std::string>& hints) {
    for (const std::string& bus : machine.list("/sys/bus/w1/devices", "w1_bus_master")) {
        if (machine.read(bus + "/w1_master_slave_count").value_or("") != "0") continue;
        hints.push_back(
            fmt::format("no 1-Wire device answers on {}: check that the sensor is wired (data on GPIO 4 unless "
                        "the dtoverlay says otherwise, 4.7 kΩ to 3.3 V)",
                        bus.substr(bus.rfind('/') + 1)));
    }
}

/// I2C devices that were declared, by an overlay or by hand, and that no driver serves: "1-0076".
void addI2cHints(const Machine& machine, std::vector<std::string>& hints) {
    for (const std::string& device : machine.list("/sys/bus/i2c/devices", "")) {
        const std::string address = device.substr(device.rfind('/') + 1);
        if (address.find('-') == std::string::npos || address.starts_with("i2c-")) continue;
        if (machine.exists(device + "/driver")) continue;
        const std::string name = machine.read(device + "/name").value_or("");
        if (name == "dummy") continue;  // a second address that a driver has reserved
        hints.push_back(
            fmt::format("\"{}\" at {} on I2C has no driver: it did not answer, or its module is missing; "
                        "check its wiring and address, and see: dmesg",
                        name, address));
    }
}

/// Why a sensor of this type is not there, as far as the machine tells.
std::string remedyFor(SensorType type, const Machine& machine) {
    std::vector<std::string> hints;
    if (std::string firmware = firmwareRemedy(type, machine); !firmware.empty()) hints.push_back(std::move(firmware));
    if (type == SensorType::kW1) add1WireHints(machine, hints);
    if (type == SensorType::kIio || type == SensorType::kHwmon) addI2cHints(machine, hints);
    return fmt::format("{}", fmt::join(hints, "; "));
}

}  // namespace

Result<double> readOnce(const SensorConfig& sensor, const Machine& machine) {
    auto value = within<Result<double>>(kOneLimit, [sensor, root = machine.path("")] {
        return validateReading(sensor, makeSensor(sensor, root)->read());
    });
    if (value) return *value;
    return fail(Errc::kTimeout,
                fmt::format("reading timed out after {} s: its driver hangs; check the wiring, and see: "
                            "dmesg",
                            kOneLimit.count()));
}

std::vector<std::string> hintsForMissingSensors(const Machine& machine) {
    std::vector<std::string> hints;
    for (const SensorType type : {SensorType::kW1, SensorType::kIio}) {
        if (std::string remedy = firmwareRemedy(type, machine); !remedy.empty()) hints.push_back(std::move(remedy));
    }
    add1WireHints(machine, hints);
    addI2cHints(machine, hints);
    return hints;
}

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
        const Result<double> value = readOnce(sensor, machine);
        if (!value) {
            const bool isAbsent = value.error().code == Errc::kNotFound;
            findings.push_back({Severity::kError, kCheck, fmt::format("{}: {}", sensor.name, value.error().message),
                                isAbsent ? remedyFor(sensor.type, machine) : ""});
            continue;
        }
        values[sensor.name] = *value;
        if (sensor.type == SensorType::kSimulated) {
            findings.push_back({Severity::kWarning, kCheck,
                                fmt::format("{}: {}, simulated", sensor.name, describeValue(sensor, *value)),
                                "set type to that of a real sensor"});
        } else {
            findings.push_back(
                {Severity::kFine, kCheck, fmt::format("{}: {}", sensor.name, describeValue(sensor, *value))});
        }
    }
    return findings;
}

}  // namespace edge
