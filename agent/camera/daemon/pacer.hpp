// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <memory>
#include <utility>

#include "core/loop/loop.hpp"

namespace edge {

/// Runs what it is given at a frame rate at most: a made-up camera's exposures. Thread: the loop's.
class Pacer {
  public:
    /// `framesPerSecond` 0: as fast as asked.
    Pacer(Loop& loop, int framesPerSecond)
        : loop_(loop), period_(framesPerSecond > 0 ? nanoseconds{seconds{1}} / framesPerSecond : nanoseconds{0}) {}

    /// Runs `expose` when the next frame is due, never inside this call. Replaces what waits.
    void schedule(Task expose) {
        const SteadyTime now = loop_.clock().now();
        const SteadyTime due = std::max(now, next_);
        next_ = due + std::chrono::duration_cast<SteadyTime::duration>(period_);
        cancel();
        if (due > now) {
            timer_ = loop_.at(due, std::move(expose));
        } else {  // without the two system calls of a timer
            waiting_ = std::make_shared<Task>(std::move(expose));
            loop_.post([waiting = std::weak_ptr(waiting_)] {
                if (const auto task = waiting.lock()) (*task)();
            });
        }
    }
    void cancel() {
        timer_.cancel();
        waiting_.reset();
    }

  private:
    Loop& loop_;
    const nanoseconds period_;
    SteadyTime next_{};
    Timer timer_;
    std::shared_ptr<Task> waiting_;  ///< for the loop's next turn; gone: cancelled
};

}  // namespace edge
