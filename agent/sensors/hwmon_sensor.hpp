// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "sensors/sensor.hpp"
#include "sensors/settings.hpp"

namespace edge {

/// A temperature of a monitoring chip (lm75, cpu_thermal, nvme …) through /sys/class/hwmon. `config.device` is the
/// driver
/// ("lm75"), the label of one input ("Composite"), both ("nvme/Composite"), or "" = the first chip that has a
/// temperature.
std::unique_ptr<Sensor> makeHwmonSensor(const SensorConfig& config, const std::string& sysRoot);

}  // namespace edge
