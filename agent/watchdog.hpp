// SPDX-License-Identifier: MIT
#pragma once

#include "core/loop.hpp"
#include "core/worker_pool.hpp"

namespace edge {

/// Feeds systemd's watchdog from the loop for as long as every strand makes progress, too. Does nothing where the unit
/// has none. Thread: the loop's.
class Watchdog {
  public:
    Watchdog(Loop& loop, const WorkerPool& pool);

  private:
    void feed();

    Loop& loop_;
    const WorkerPool& pool_;
    nanoseconds period_{0};
    bool isStalled_ = false;
    Timer timer_;
};

}  // namespace edge
