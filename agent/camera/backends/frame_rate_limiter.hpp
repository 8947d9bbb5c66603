// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <utility>

#include "core/loop/loop.hpp"
#include "core/loop/scope.hpp"

namespace edge {

/// Runs tasks at a frame rate at most: the exposures of a camera without hardware. Thread: the loop's.
class FrameRateLimiter {
  public:
    /// `framesPerSecond` 0: no limit.
    FrameRateLimiter(Loop& loop, int framesPerSecond)
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
            loop_.post(scope_.wrap(std::move(expose)));
        }
    }
    void cancel() {
        timer_.cancel();
        scope_.reset();
    }

  private:
    Loop& loop_;
    const nanoseconds period_;
    SteadyTime next_{};
    Timer timer_;
    Scope scope_;
};

}  // namespace edge
