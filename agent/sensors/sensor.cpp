// SPDX-License-Identifier: MIT
#include "sensors/sensor.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <random>

namespace edge {
namespace {

/// No sensor at all: a slow curve around 21 °C with a little noise, as whole numbers, for trying things out. It
/// advances with every reading, so that it looks alike at any interval.
class SimulatedSensor : public Sensor {
  public:
    Result<double> readCelsius() override {
        ++reading_;
        return std::round(kMean + 4 * std::sin(2 * std::numbers::pi * reading_ / 240) +
                          std::sin(2 * std::numbers::pi * reading_ / 70) + noise_(engine_));
    }

  private:
    static constexpr double kMean = 21;  ///< °C

    std::mt19937 engine_{std::random_device{}()};
    std::uniform_real_distribution<double> noise_{-0.5, 0.5};
    int reading_ = std::uniform_int_distribution<int>{0, 239}(engine_);  ///< two sensors differ
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
