// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "core/loop/loop.hpp"
#include "core/loop/worker_pool.hpp"

namespace edge {

/// Feeds systemd's watchdog from the loop for as long as every strand makes progress, too. Does nothing where the unit
/// has none. Thread: the loop's.
class Watchdog {
  public:
    /// The pools outlive it.
    Watchdog(Loop& loop, std::vector<const WorkerPool*> pools);

  private:
    void feed();
    [[nodiscard]] std::optional<std::string> stalledStrand() const;

    Loop& loop_;
    std::vector<const WorkerPool*> pools_;
    nanoseconds period_{0};
    bool isStalled_ = false;
    Timer timer_;
};

}  // namespace edge
