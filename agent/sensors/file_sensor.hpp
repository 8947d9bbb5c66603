// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "sensors/sensor.hpp"
#include "sensors/settings.hpp"

namespace edge {

/// The first number in a file that another program or a driver writes. `config.device` is its path.
std::unique_ptr<Sensor> makeFileSensor(const SensorConfig& config, const std::string& sysRoot);

}  // namespace edge
