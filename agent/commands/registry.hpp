// SPDX-License-Identifier: MIT
#pragma once

#include "config/config.hpp"
#include "core/loop/worker_pool.hpp"
#include "services/telemetry/sensor_channel.hpp"

namespace edge {

/// A configured sensor on a strand of its own: one that blocks delays no other.
SensorSlot makeSensorSlot(const SensorConfig& sensor, WorkerPool& pool);

}  // namespace edge
