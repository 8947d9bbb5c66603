// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "sensors/sensor.hpp"
#include "sensors/settings.hpp"

namespace edge {

/// No sensor at all: a whole number from 0 to 40, as the scripts that people start with invent. Only for trying things
/// out.
std::unique_ptr<Sensor> makeSimulatedSensor(const SensorConfig& config, const std::string& sysRoot);

}  // namespace edge
