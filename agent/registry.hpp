// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "config/config.hpp"
#include "core/worker_pool.hpp"
#include "services/sensor_channel.hpp"

namespace edge {

/// The configured sensors, each on a strand of its own: one that blocks delays no other.
std::vector<SensorSlot> makeSensors(const Config& config, WorkerPool& pool);

}  // namespace edge
