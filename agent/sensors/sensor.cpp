// SPDX-License-Identifier: MIT
#include "sensors/sensor.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

#include "core/text.hpp"
#include "sensors/devices.hpp"

namespace edge {
namespace {

/// No sensor at all: a slow curve around a common value with a little noise, for trying things out; temperatures are
/// whole numbers. It advances with every reading, so that it looks alike at any interval.
class SimulatedSensor : public Sensor {
  public:
    explicit SimulatedSensor(Quantity quantity) : info_(infoOf(quantity)) {}

    Result<double> read() override {
        ++reading_;
        const double shape = std::sin(2 * std::numbers::pi * reading_ / 240) +
                             std::sin(2 * std::numbers::pi * reading_ / 70) / 4 + noise_(engine_);
        const double value = info_.typical + info_.swing * shape;
        return info_.quantity == Quantity::kTemperature ? std::round(value) : value;
    }

  private:
    const QuantityInfo& info_;
    std::mt19937 engine_{std::random_device{}()};
    std::uniform_real_distribution<double> noise_{-0.125, 0.125};
    int reading_ = std::uniform_int_distribution<int>{0, 239}(engine_);  ///< two sensors differ
};

}  // namespace

std::string unitOf(const SensorConfig& config) {
    return config.quantity == Quantity::kNumber ? config.unit : std::string(infoOf(config.quantity).unit);
}

int decimalsOf(const SensorConfig& config) {
    constexpr int kMost = 9;
    const double scale = std::abs(config.scale);
    const int finer = scale < 1 ? static_cast<int>(std::ceil(-std::log10(scale))) : 0;
    return std::min(infoOf(config.quantity).decimals + finer, kMost);
}

std::string describeValue(const SensorConfig& config, double value) {
    const std::string unit = unitOf(config);
    return formatDecimal(value, decimalsOf(config)) + (unit.empty() ? "" : " " + unit);
}

std::unique_ptr<Sensor> makeSensor(const SensorConfig& config, const std::string& sysRoot) {
    switch (config.type) {
        case SensorType::kW1:
            return makeW1Sensor(config, sysRoot);
        case SensorType::kHwmon:
            return makeDeviceSensor(kHwmonClass, config, sysRoot);
        case SensorType::kIio:
            return makeDeviceSensor(kIioClass, config, sysRoot);
        case SensorType::kThermal:
            return makeDeviceSensor(kThermalClass, config, sysRoot);
        case SensorType::kFile:
            return makeFileSensor(config, sysRoot);
        case SensorType::kSimulated:
            break;
    }
    return std::make_unique<SimulatedSensor>(config.quantity);
}

}  // namespace edge
