// SPDX-License-Identifier: MIT
#include "sensors/sensor_types.hpp"

#include <algorithm>
#include <array>

#include "sensors/file_sensor.hpp"
#include "sensors/hwmon_sensor.hpp"
#include "sensors/iio_sensor.hpp"
#include "sensors/simulated_sensor.hpp"
#include "sensors/thermal_sensor.hpp"
#include "sensors/w1_sensor.hpp"

namespace edge {
namespace {

struct Row {
    SensorType type;
    std::unique_ptr<Sensor> (*make)(const SensorConfig& config, const std::string& sysRoot);
};

/// To add a type: its row here, its name in config/, its page in docs/sensors.md.
constexpr std::array<Row, 6> kTypes{{
    {SensorType::kW1, makeW1Sensor},
    {SensorType::kHwmon, makeHwmonSensor},
    {SensorType::kIio, makeIioSensor},
    {SensorType::kThermal, makeThermalSensor},
    {SensorType::kFile, makeFileSensor},
    {SensorType::kSimulated, makeSimulatedSensor},
}};

}  // namespace

std::unique_ptr<Sensor> makeSensor(const SensorConfig& config, const std::string& sysRoot) {
    const auto* row = std::find_if(kTypes.begin(), kTypes.end(), [&](const Row& r) { return r.type == config.type; });
    return row->make(config, sysRoot);
}

}  // namespace edge
