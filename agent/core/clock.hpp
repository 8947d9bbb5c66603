// SPDX-License-Identifier: MIT
#pragma once

#include "core/time.hpp"

namespace edge {

enum class ClockState { kUnsynchronised, kSynchronised };

/// The time, as an object, so that a test can crank it. Thread: any.
class Clock {
  public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual SteadyTime now() const = 0;
    [[nodiscard]] virtual WallTime wallNow() const = 0;
    /// Whether wall time can be trusted: the kernel says that something (NTP, PTP) disciplines it, or systemd-timesyncd
    /// has set it since boot. A Pi has no clock of its own, and starts in the past.
    [[nodiscard]] virtual ClockState wallState() const = 0;
};

/// The machine's clocks.
class SystemClock : public Clock {
  public:
    [[nodiscard]] SteadyTime now() const override;
    [[nodiscard]] WallTime wallNow() const override;
    [[nodiscard]] ClockState wallState() const override;
};

}  // namespace edge
