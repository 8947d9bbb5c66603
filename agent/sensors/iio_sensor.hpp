// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "config/config.hpp"
#include "sensors/sensor.hpp"

namespace edge {

/// A temperature of an industrial I/O device (bme280, dht11 …) through /sys/bus/iio. `config.device` is the driver
/// ("bme280") or the label of the device tree; "" = the first device that has a temperature.
std::unique_ptr<Sensor> makeIioSensor(const SensorConfig& config, const std::string& sysRoot);

}  // namespace edge
