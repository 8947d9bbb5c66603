// SPDX-License-Identifier: MIT
#include "services/telemetry/sensor_strands.hpp"

#include <fmt/format.h>

namespace edge {
namespace {

/// Equal for sensors of one chip; "" where no other sensor reads the device.
std::string chipOf(const SensorConfig& config) {
    if (config.type != SensorType::kIio && config.type != SensorType::kHwmon) return "";
    return fmt::format("{} {}", nameOf(config.type), config.device.substr(0, config.device.find('/')));
}

}  // namespace

std::shared_ptr<Executor> SensorStrands::strandFor(const SensorConfig& sensor) {
    const std::string name = "sensor " + sensor.name;
    const std::string chip = chipOf(sensor);
    if (chip.empty()) return make_(name);
    std::shared_ptr<Executor> strand = chips_[chip].lock();
    if (!strand) chips_[chip] = strand = make_(name);
    return strand;
}

}  // namespace edge
