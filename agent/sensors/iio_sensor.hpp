// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "sensors/sensor.hpp"
#include "sensors/settings.hpp"

namespace edge {

/// A temperature of an industrial I/O device (bme280, dht11, mlx90614 …) through /sys/bus/iio, by the kernel's
/// Documentation/ABI/testing/sysfs-bus-iio. `config.device` is the driver ("bme280"), the label of the device tree, the
/// label or modifier of one channel ("object"), or driver and channel ("mlx90614/object"); "" = the first temperature.
std::unique_ptr<Sensor> makeIioSensor(const SensorConfig& config, const std::string& sysRoot);

}  // namespace edge
