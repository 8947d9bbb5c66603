// SPDX-License-Identifier: MIT
#include "registry.hpp"

#include "sensors/sensor_types.hpp"

namespace edge {

std::vector<SensorSlot> makeSensors(const Config& config, WorkerPool& pool) {
    std::vector<SensorSlot> slots;
    for (const SensorConfig& sensor : config.sensors) {
        slots.push_back({sensor, makeSensor(sensor), pool.makeStrand("sensor " + sensor.name)});
    }
    return slots;
}

}  // namespace edge
