// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "sensors/sensor.hpp"

namespace edge {

/// What the kernel offers to read right now, each as the configuration of a sensor: names are unique, `device` and
/// `channel` lead to this one alone. Reads nothing but names; a directory that cannot be read counts as empty.
/// `sysRoot` is a prefix of /sys for tests.
std::vector<SensorConfig> discoverSensors(const std::string& sysRoot = "");

}  // namespace edge
