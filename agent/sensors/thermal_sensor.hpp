// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "sensors/sensor.hpp"
#include "sensors/settings.hpp"

namespace edge {

/// A thermal zone of the kernel (the processor's temperature). `config.device` is the zone's type ("cpu-thermal"); "" =
/// the first zone.
std::unique_ptr<Sensor> makeThermalSensor(const SensorConfig& config, const std::string& sysRoot);

}  // namespace edge
