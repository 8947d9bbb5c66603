// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace edge {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

/// For intervals and deadlines: never jumps. CLOCK_MONOTONIC.
using SteadyTime = std::chrono::steady_clock::time_point;
/// For people and records: jumps when the clock is set. UTC.
using WallTime = std::chrono::system_clock::time_point;
/// Time since boot, suspend included: the clock of a camera sensor's timestamps. CLOCK_BOOTTIME.
using BootTime = std::chrono::nanoseconds;

/// "2026-11-20T09:30:00.123Z" (RFC 3339, UTC, milliseconds).
std::string formatRfc3339(WallTime time);

/// Any RFC 3339 time, with or without a fraction; beyond WallTime's range the nearest in it. nullopt for anything else.
std::optional<WallTime> parseRfc3339(std::string_view text);

/// "250ms", "2s", "5m", "1h", "7d": a whole number and a unit; nullopt when it is not one. Clamped where it overflows.
std::optional<milliseconds> parseDuration(std::string_view text);

/// The shortest exact form that parseDuration reads back: 120000 ms → "2m".
std::string formatDuration(milliseconds duration);

/// In the time zone that the machine has now (TZ, /etc/localtime): a change while the program runs counts.
std::tm toLocal(WallTime time);
/// The same as "2026-11-20 09:30:00".
std::string formatLocalTime(WallTime time);

/// CLOCK_BOOTTIME, now.
BootTime bootTimeNow();

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
