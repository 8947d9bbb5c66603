// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "sensors/sensor.hpp"
#include "sensors/settings.hpp"

namespace edge {

/// A 1-Wire thermometer (DS18B20 and its relatives) through the kernel's w1_therm. `config.device` is its id
/// ("28-0316a2794b3f"), "" = the only one, or the first by id.
std::unique_ptr<Sensor> makeW1Sensor(const SensorConfig& config, const std::string& sysRoot);

}  // namespace edge
