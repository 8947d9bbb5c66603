// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <thread>

#include "core/loop/asio_loop.hpp"

namespace edge {

/// A real loop on a thread of its own. The test's thread looks at what the loop owns through run() and waitFor() only.
class LoopThread {
  public:
    LoopThread();
    ~LoopThread();
    LoopThread(const LoopThread&) = delete;
    LoopThread& operator=(const LoopThread&) = delete;

    [[nodiscard]] AsioLoop& loop() { return loop_; }
    /// Runs `task` on the loop; returns when it has run.
    void run(const Task& task);
    /// Evaluates `condition` on the loop every few milliseconds until it is true; false after `limit`.
    [[nodiscard]] bool waitFor(const std::function<bool()>& condition, milliseconds limit = seconds{15});

  private:
    AsioLoop loop_;
    std::thread thread_;
};

}  // namespace edge
