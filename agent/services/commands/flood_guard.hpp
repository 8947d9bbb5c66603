// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>

#include "core/loop/loop.hpp"

namespace edge {

/// Counts what is refused in a flood: `everySecond` gets the count of each second, `atEnd` the total once a second
/// passed without any. Thread: the loop's.
class FloodGuard {
  public:
    using Handler = std::function<void(std::uint64_t)>;
    FloodGuard(Loop& loop, Handler everySecond, Handler atEnd)
        : loop_(loop), everySecond_(std::move(everySecond)), atEnd_(std::move(atEnd)) {}

    void refuse();

  private:
    void tick();

    Loop& loop_;
    Handler everySecond_;
    Handler atEnd_;
    std::uint64_t thisSecond_ = 0;
    std::uint64_t total_ = 0;
    bool isRunning_ = false;
    Timer timer_;
};

}  // namespace edge
