// SPDX-License-Identifier: MIT
#include "core/time/calendar.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "core/text.hpp"

namespace edge {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::sys_days;
using Instant = std::chrono::sys_seconds;

/// From where multiples of `every` are counted: a Monday, so that "7d" is the night to Monday.
constexpr local_seconds kOrigin{days{4}};  // 1970-01-05

/// Local time and back.
class Zone {
  public:
    explicit Zone(const UtcOffset& offset) : offset_(offset) {}

    [[nodiscard]] seconds offsetAt(Instant instant) const { return offset_(instant); }

    [[nodiscard]] local_seconds localAt(Instant instant) const {
        return local_seconds{instant.time_since_epoch() + offsetAt(instant)};
    }

    [[nodiscard]] local_days dateAt(Instant instant) const { return std::chrono::floor<days>(localAt(instant)); }

    /// The first instant in (from, to] with another offset than `from`; `to` has another one.
    [[nodiscard]] Instant transition(Instant from, Instant to) const {
        const seconds before = offsetAt(from);
        while (to - from > seconds{1}) {
            const Instant middle = from + (to - from) / 2;
            (offsetAt(middle) == before ? from : to) = middle;
        }
        return to;
    }

    /// When local clocks show one time.
    struct Showing {
        Instant first;           ///< where `isGap`, the first moment after the gap
        seconds repeated{0};     ///< how much later they show it again; 0 = they do not
        bool isGap = false;      ///< they never show it
        bool isDateGap = false;  ///< nor any other time of that date
    };
    [[nodiscard]] Showing showing(local_seconds local) const {
        const Instant utc{local.time_since_epoch()};
        const seconds before = offsetAt(utc - hours{24});
        const seconds after = offsetAt(utc + hours{24});
        const Instant early = utc - before;
        if (before == after) return {early};
        const bool isEarly = offsetAt(early) == before;
        const bool isLate = offsetAt(utc - after) == after;
        if (isEarly && isLate) return {early, before - after};
        if (isEarly) return {early};
        if (isLate) return {utc - after};
        return {transition(utc - hours{24}, utc + hours{24}), {}, true, after - before >= hours{24}};
    }

  private:
    const UtcOffset& offset_;
};

/// From `start` (included) to `end` (excluded).
struct Window {
    Instant start;
    Instant end;
};

/// The calendar of one rule.
class Calendar {
  public:
    Calendar(const TurnRule& rule, const Coordinates& place, const UtcOffset& offset)
        : rule_(rule), every_(std::chrono::floor<seconds>(rule.every)), place_(place), zone_(offset) {}

    [[nodiscard]] std::optional<Instant> next(Instant after) const {
        const Instant horizon = after + kCalendarHorizon;
        for (std::optional<Instant> turn = candidate(after, horizon); turn && *turn <= horizon;) {
            const std::optional<Instant> allowed = nextAllowed(*turn, horizon);
            if (allowed == turn || !allowed) return allowed;
            turn = candidate(*allowed - seconds{1}, horizon);
        }
        return std::nullopt;
    }

  private:
    /// The first turn after `after` whatever `between` and `days` say.
    [[nodiscard]] std::optional<Instant> candidate(Instant after, Instant horizon) const {
        if (every_.count() > 0) return nextMultiple(after);
        std::optional<Instant> first;
        for (const DayTime& time : rule_.at) {
            const auto turn = time.isOfSun() ? nextSunTime(time, after, horizon) : nextClockTime(time, after);
            if (turn && (!first || *turn < *first)) first = turn;
        }
        return first;
    }

    [[nodiscard]] Instant nextMultiple(Instant after) const {
        for (;;) {
            const seconds offset = zone_.offsetAt(after);
            const local_seconds local{after.time_since_epoch() + offset};
            local_seconds multiple = roundedUp(local + seconds{1});
            Instant turn{multiple.time_since_epoch() - offset};
            if (zone_.offsetAt(turn) != offset) {
                const Instant change = zone_.transition(after, turn);
                const local_seconds changed = zone_.localAt(change);
                const bool isForward = zone_.offsetAt(change) > offset;
                if (isForward && multiple <= changed) return change;
                multiple = roundedUp(changed);
                turn = change + (multiple - changed);
            }
            const Zone::Showing showing = zone_.showing(multiple);
            if (turn == showing.first || every_ <= showing.repeated) return turn;
            after = turn;
        }
    }

    [[nodiscard]] local_seconds roundedUp(local_seconds local) const {
        const seconds since = local - kOrigin;
        const seconds rest = (since % every_ + every_) % every_;
        return rest.count() == 0 ? local : local + (every_ - rest);
    }

    [[nodiscard]] std::optional<Instant> nextClockTime(const DayTime& time, Instant after) const {
        const local_days today = zone_.dateAt(after);
        // A date that does not exist is skipped, and so is a time that has been shown already.
        for (const int day : {-1, 0, 1, 2, 3}) {
            const Zone::Showing showing = zone_.showing(today + days{day} + time.offset);
            if (!showing.isDateGap && showing.first > after) return showing.first;
        }
        return std::nullopt;
    }

    [[nodiscard]] std::optional<Instant> nextSunTime(const DayTime& time, Instant after, Instant horizon) const {
        for (sys_days date = std::chrono::floor<days>(after) - days{2}; date <= horizon; date += days{1}) {
            const SunDay sun = sunOn(date, place_);
            if (sun.kind != SunDay::Kind::kNormal) continue;
            if (const Instant turn = sunTime(time, sun); turn > after) return turn;
        }
        return std::nullopt;
    }

    static Instant sunTime(const DayTime& time, const SunDay& sun) {
        return (time.kind == DayTime::Kind::kSunrise ? sun.sunrise : sun.sunset) + time.offset;
    }

    /// The first instant from `from` on that `between` and `days` allow.
    [[nodiscard]] std::optional<Instant> nextAllowed(Instant from, Instant horizon) const {
        while (from <= horizon) {
            if (!isAllowedDay(from)) {
                const Zone::Showing midnight = zone_.showing(zone_.dateAt(from) + days{1});
                from = midnight.first > from ? midnight.first : midnight.first + midnight.repeated;
                continue;
            }
            if (rule_.between.empty()) return from;
            const std::optional<Instant> open = nextOpen(from, horizon);
            if (!open || *open == from) return open;
            from = *open;
        }
        return std::nullopt;
    }

    [[nodiscard]] bool isAllowedDay(Instant instant) const {
        const std::chrono::weekday day{zone_.dateAt(instant)};
        return rule_.days.empty() || std::ranges::find(rule_.days, day) != rule_.days.end();
    }

    /// The first instant from `from` on in a window of `between`.
    [[nodiscard]] std::optional<Instant> nextOpen(Instant from, Instant horizon) const {
        const bool isOfSun = rule_.between.front().isOfSun();
        std::optional<Instant> first;
        // Windows begin in their order, a day apart, and last a day and two offsets at most.
        for (days day{-3}; !first && from + day <= horizon; day += days{1}) {
            const auto window =
                isOfSun ? sunWindow(std::chrono::floor<days>(from) + day) : clockWindow(zone_.dateAt(from) + day);
            if (window && window->end > from && window->start < window->end) first = std::max(window->start, from);
        }
        return first;
    }

    [[nodiscard]] std::optional<Window> clockWindow(local_days date) const {
        const seconds start = rule_.between.front().offset;
        const seconds end = rule_.between.back().offset;
        return Window{zone_.showing(date + start).first, zone_.showing(date + days{end > start ? 0 : 1} + end).first};
    }

    [[nodiscard]] std::optional<Window> sunWindow(sys_days date) const {
        const DayTime& start = rule_.between.front();
        const DayTime& end = rule_.between.back();
        const SunDay sun = sunOn(date, place_);
        const SunDay next = sunOn(date + days{1}, place_);
        const Instant midnight = next.noon - hours{12};
        if (start.kind == DayTime::Kind::kSunset && end.kind == DayTime::Kind::kSunrise)
            return Window{edgeOf(start, sun, midnight), edgeOf(end, next, midnight)};
        if (sun.kind == SunDay::Kind::kNormal) return Window{sunTime(start, sun), sunTime(end, sun)};
        if (sun.kind == SunDay::Kind::kPolarNight || start.kind == end.kind) return std::nullopt;
        return Window{sun.noon - hours{12}, midnight};
    }

    /// A night's beginning or end: in the polar night at noon, where another night begins or ends; in the polar day at
    /// midnight.
    static Instant edgeOf(const DayTime& time, const SunDay& sun, Instant midnight) {
        if (sun.kind == SunDay::Kind::kNormal) return sunTime(time, sun);
        return sun.kind == SunDay::Kind::kPolarNight ? sun.noon : midnight;
    }

    const TurnRule& rule_;
    const seconds every_;
    const Coordinates& place_;
    Zone zone_;
};

}  // namespace

std::optional<DayTime> parseDayTime(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, DayTime::Kind>, 2> kSunTimes{
        {{"sunrise", DayTime::Kind::kSunrise}, {"sunset", DayTime::Kind::kSunset}}};
    for (const auto& [word, kind] : kSunTimes) {
        if (!text.starts_with(word)) continue;
        const std::string_view rest = text.substr(word.size());
        if (rest.empty()) return DayTime{kind};
        const auto offset = parseDuration(rest.substr(1));
        const bool isSigned = rest.front() == '+' || rest.front() == '-';
        if (!isSigned || !offset || *offset > kMaxSunOffset || *offset % seconds{1} != milliseconds{0})
            return std::nullopt;
        const auto whole = std::chrono::duration_cast<seconds>(*offset);
        return DayTime{kind, rest.front() == '-' ? -whole : whole};
    }
    constexpr std::size_t kLength = std::string_view("07:30").size();
    constexpr std::size_t kColon = 2;
    if (text.size() != kLength || text[kColon] != ':') return std::nullopt;
    const auto hour = parseNumber<unsigned>(text.substr(0, kColon));
    const auto minute = parseNumber<unsigned>(text.substr(kColon + 1));
    if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
    return DayTime{DayTime::Kind::kClock, hours{*hour} + std::chrono::minutes{*minute}};
}

seconds localUtcOffset(WallTime time) {
    return seconds{toLocal(time).tm_gmtoff};
}

std::optional<WallTime> nextTurn(const TurnRule& rule, const Coordinates& place, WallTime after,
                                 const UtcOffset& offset) {
    const auto turn = Calendar(rule, place, offset).next(std::chrono::floor<seconds>(after));
    return turn ? std::optional<WallTime>(*turn) : std::nullopt;
}

}  // namespace edge
