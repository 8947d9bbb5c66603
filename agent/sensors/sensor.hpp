// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/time/time.hpp"
#include "sensors/quantity.hpp"

namespace edge {

enum class SensorType { kW1, kHwmon, kIio, kThermal, kFile, kSimulated };
/// As the configuration calls them, in the order of the enumeration.
inline constexpr std::array<std::string_view, 6> kSensorTypeNames{"w1", "hwmon", "iio", "thermal", "file", "simulated"};
constexpr std::string_view nameOf(SensorType type) {
    return kSensorTypeNames[static_cast<std::size_t>(type)];
}

enum class ReadingFormat { kInteger, kDecimal, kJson };

struct SensorConfig {
    std::string name;
    SensorType type = SensorType::kW1;
    std::string device;
    Quantity quantity = Quantity::kTemperature;
    bool isQuantityGiven = false;  ///< otherwise readings do not name it, as before there were others
    std::string channel;           ///< of the device; "" = the first one of that quantity
    std::string unit;              ///< of Quantity::kNumber only
    std::string topic;             ///< "" = only under topics.base
    milliseconds interval{0};      ///< 0 = telemetry.interval
    ReadingFormat format = ReadingFormat::kInteger;
    double scale = 1.0;
    double offset = 0.0;
    std::optional<double> min;  ///< nullopt: that of the quantity
    std::optional<double> max;

    bool operator==(const SensorConfig&) const = default;
};

/// What its values are followed by.
std::string unitOf(const SensorConfig& config);
/// How many decimals its values are published with: always the same for one sensor. A scale below 1 adds some.
int decimalsOf(const SensorConfig& config);
/// For a message: "48.20 %".
std::string describeValue(const SensorConfig& config, double value);

/// One quantity that a device measures. Thread: read() is called on one strand at a time and may block (a DS18B20 takes
/// 750 ms); it touches nothing but the device.
class Sensor {
  public:
    virtual ~Sensor() = default;

    /// The value now, in the unit of the configured quantity, before the configuration's scale and offset. A
    /// Quantity::kNumber is in the unit of the kernel's interface. Errors: kNotFound (not there now; found again by
    /// itself when it comes back), kFault (there, but what it says is no measurement: CRC, power-on value, garbage),
    /// kPermission, kIo. The message names the device and says what to do.
    virtual Result<double> read() = 0;
};

/// The sensor that `config` describes. It opens no device yet: a missing one may come later. `sysRoot` is a prefix of
/// /sys for tests, "" otherwise.
std::unique_ptr<Sensor> makeSensor(const SensorConfig& config, const std::string& sysRoot = "");

/// What the kernel offers to read right now, each as the configuration of a sensor: names are unique, `device` and
/// `channel` lead to this one alone. Reads nothing but names; a directory that cannot be read counts as empty.
/// `sysRoot` as above.
std::vector<SensorConfig> discoverSensors(const std::string& sysRoot = "");

// Factories, each in the file of its name. What `config.device` means is in docs/sensors.md.
std::unique_ptr<Sensor> makeFileSensor(const SensorConfig& config, const std::string& sysRoot);
std::unique_ptr<Sensor> makeW1Sensor(const SensorConfig& config, const std::string& sysRoot);

}  // namespace edge
