// SPDX-License-Identifier: MIT
#include "commands/registry.hpp"

#include "sensors/sensor_types.hpp"

namespace edge {

SensorSlot makeSensorSlot(const SensorConfig& sensor, WorkerPool& pool) {
    return {sensor, makeSensor(sensor), pool.makeStrand("sensor " + sensor.name)};
}

}  // namespace edge
