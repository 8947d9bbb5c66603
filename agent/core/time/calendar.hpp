// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "core/time/sun.hpp"
#include "core/time/time.hpp"

/// When something is due that a person planned in local time. Pure: no clock, no state. Thread: any, but the machine's
/// zone (localUtcOffset) is the C library's.
namespace edge {

/// A time of the day.
struct DayTime {
    enum class Kind { kClock, kSunrise, kSunset };
    Kind kind = Kind::kClock;
    seconds offset{0};  ///< kClock: since midnight as clocks show it; else after the sun's time, before it if below 0

    bool operator==(const DayTime&) const = default;
    [[nodiscard]] bool isOfSun() const { return kind != Kind::kClock; }
};

inline constexpr seconds kMaxSunOffset = std::chrono::hours{12};

/// "07:30", "sunrise", "sunset+15m", "sunrise-1h"; nullopt for anything else.
std::optional<DayTime> parseDayTime(std::string_view text);

/// Either `every` or `at`.
struct TurnRule {
    milliseconds every{0};  ///< whole seconds; due when local clocks show a multiple, from a Monday on; 0 = `at`
    std::vector<DayTime> at;
    std::vector<DayTime> between;  ///< from the first (included) to the second (excluded), maybe past midnight; or none
    std::vector<std::chrono::weekday> days;  ///< local, of the turn itself; none = every day

    bool operator==(const TurnRule&) const = default;
};

/// How far local time is ahead of UTC at an instant.
using UtcOffset = std::function<seconds(WallTime)>;

/// That of the machine's zone, as toLocal() has it.
seconds localUtcOffset(WallTime time);

/// How far ahead nextTurn() looks.
inline constexpr std::chrono::days kCalendarHorizon{400};

/// The first turn after `after`; nullopt if there is none within kCalendarHorizon. `place` is for sunrise and sunset.
/// When the local clock is set
///   - forward: what falls into the gap is due once, at the first moment after it; a date that does not exist (a zone
///     that crosses the date line) has no turns.
///   - back: a time that comes twice counts the first time; an `every` that is at most as long as the repeated time
///     goes on through both.
/// On a day without sunrise and sunset `at` has no turn, and `between` is all or nothing: the polar day lies between
/// sunrise and sunset, the polar night between sunset and sunrise.
std::optional<WallTime> nextTurn(const TurnRule& rule, const Coordinates& place, WallTime after,
                                 const UtcOffset& offset = localUtcOffset);

}  // namespace edge
