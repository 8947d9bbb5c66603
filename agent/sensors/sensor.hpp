// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "core/result.hpp"
#include "core/time/time.hpp"

namespace edge {

enum class SensorType { kW1, kHwmon, kIio, kThermal, kFile, kSimulated };
enum class ReadingFormat { kInteger, kDecimal, kJson };

struct SensorConfig {
    std::string name;
    SensorType type = SensorType::kW1;
    std::string device;
    std::string topic;         ///< "" = only under topics.base
    milliseconds interval{0};  ///< 0 = telemetry.interval
    ReadingFormat format = ReadingFormat::kInteger;
    double scale = 1.0;
    double offset = 0.0;
    double min = -55.0;
    double max = 125.0;

    bool operator==(const SensorConfig&) const = default;
};

/// One temperature sensor. Thread: readCelsius() is called on one strand at a time and may block (a DS18B20 takes 750
/// ms); it touches nothing but the device.
class Sensor {
  public:
    virtual ~Sensor() = default;

    /// The temperature now, in degrees Celsius, by the driver's own unit (before the configuration's scale and offset).
    /// Errors: kNotFound (not there now; found again by itself when it comes back), kFault (there, but what it says is
    /// no temperature: CRC, power-on value, garbage), kPermission, kIo. The message names the device and says what to
    /// do.
    virtual Result<double> readCelsius() = 0;
};

/// The sensor that `config` describes. It opens no device yet: a missing one may come later. `sysRoot` is a prefix of
/// /sys for tests, "" otherwise.
std::unique_ptr<Sensor> makeSensor(const SensorConfig& config, const std::string& sysRoot = "");

// One factory for each type, in the file of its name. What `config.device` means is in docs/sensors.md.
std::unique_ptr<Sensor> makeFileSensor(const SensorConfig& config, const std::string& sysRoot);
std::unique_ptr<Sensor> makeHwmonSensor(const SensorConfig& config, const std::string& sysRoot);
std::unique_ptr<Sensor> makeIioSensor(const SensorConfig& config, const std::string& sysRoot);
std::unique_ptr<Sensor> makeThermalSensor(const SensorConfig& config, const std::string& sysRoot);
std::unique_ptr<Sensor> makeW1Sensor(const SensorConfig& config, const std::string& sysRoot);

}  // namespace edge
