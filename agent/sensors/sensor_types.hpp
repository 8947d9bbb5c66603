// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "sensors/sensor.hpp"
#include "sensors/settings.hpp"

namespace edge {

/// The sensor that `config` describes. Looks for no device yet: one that is missing now may come later. `sysRoot`
/// stands before /sys in tests, "" otherwise.
std::unique_ptr<Sensor> makeSensor(const SensorConfig& config, const std::string& sysRoot = "");

}  // namespace edge
