// SPDX-License-Identifier: MIT
#include "sensors/sensor.hpp"

#include <algorithm>
#include <array>
#include <random>

namespace edge {
namespace {

/// No sensor at all: a random whole number from 0 to 40, for trying things out.
class SimulatedSensor : public Sensor {
  public:
    Result<double> readCelsius() override { return distribution_(engine_); }

  private:
    std::mt19937 engine_{std::random_device{}()};
    std::uniform_int_distribution<int> distribution_{0, 40};
};

std::unique_ptr<Sensor> makeSimulatedSensor(const SensorConfig& /*config*/, const std::string& /*sysRoot*/) {
    return std::make_unique<SimulatedSensor>();
}

struct Row {
    SensorType type;
    std::unique_ptr<Sensor> (*make)(const SensorConfig& config, const std::string& sysRoot);
};

/// To add a type: its row here, its name in config/, its row in docs/sensors.md.
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
