// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>

#include "core/time/time.hpp"

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

/// The machine's clocks. Thread: any.
class SystemClock : public Clock {
  public:
    /// How old an answer of wallState() may be: every row of the journal asks, and every reading.
    static constexpr milliseconds kAnswerAge{100};

    [[nodiscard]] SteadyTime now() const override;
    [[nodiscard]] WallTime wallNow() const override;
    [[nodiscard]] ClockState wallState() const override;

    /// False in a sandbox without the kernel's clock calls: then somebody must tell (ClockWatch).
    [[nodiscard]] static bool canAskKernel();
    /// What counts where the kernel cannot be asked.
    void setTold(ClockState state);

  private:
    [[nodiscard]] ClockState ask() const;

    std::atomic<ClockState> told_ = ClockState::kUnsynchronised;
    mutable std::atomic<ClockState> answer_ = ClockState::kUnsynchronised;
    mutable std::atomic<SteadyTime> askAgain_ = SteadyTime::min();
};

}  // namespace edge
