// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
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

/// CLOCK_BOOTTIME, now.
BootTime bootTimeNow();

}  // namespace edge
