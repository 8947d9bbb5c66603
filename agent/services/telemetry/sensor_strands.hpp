// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/loop/loop.hpp"
#include "sensors/sensor.hpp"

namespace edge {

/// Strands that sensors are read on, one per device. Those of one chip, as far as the configuration tells, share one:
/// they are read one after the other. Thread: the loop's.
class SensorStrands {
  public:
    /// `make` makes a strand; its name is for people.
    explicit SensorStrands(std::function<std::shared_ptr<Executor>(std::string name)> make) : make_(std::move(make)) {}

    /// A strand lives as long as a sensor keeps it.
    std::shared_ptr<Executor> strandFor(const SensorConfig& sensor);

  private:
    std::function<std::shared_ptr<Executor>(std::string name)> make_;
    std::map<std::string, std::weak_ptr<Executor>> chips_;
};

}  // namespace edge
