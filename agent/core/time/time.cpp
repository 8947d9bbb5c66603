// SPDX-License-Identifier: MIT
#include "core/time/time.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

#include <fmt/core.h>

namespace edge {
namespace {

/// Exactly `count` decimal digits at the front of `text`, which is shortened by them.
std::optional<int> takeDigits(std::string_view& text, std::size_t count) {
    if (text.size() < count) return std::nullopt;
    int value = 0;
    for (const char c : text.substr(0, count)) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    text.remove_prefix(count);
    return value;
}

bool takeChar(std::string_view& text, char expected) {
    if (text.empty() || text.front() != expected) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<milliseconds> takeFraction(std::string_view& text) {
    if (!takeChar(text, '.')) return milliseconds{0};
    int value = 0;
    int scale = 100;
    std::size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
        value += (text[digits] - '0') * scale;
        scale /= 10;
    }
    if (digits == 0) return std::nullopt;
    text.remove_prefix(digits);
    return milliseconds{value};
}

/// "Z" or "+hh:mm" at the end of the text.
std::optional<std::chrono::minutes> takeOffset(std::string_view& text) {
    if (takeChar(text, 'Z') || takeChar(text, 'z')) return std::chrono::minutes{0};
    const bool east = takeChar(text, '+');
    if (!east && !takeChar(text, '-')) return std::nullopt;
    const auto hours = takeDigits(text, 2);
    if (!hours || *hours > 23 || !takeChar(text, ':')) return std::nullopt;
    const auto minutes = takeDigits(text, 2);
    if (!minutes || *minutes > 59) return std::nullopt;
    const std::chrono::minutes offset{*hours * 60 + *minutes};
    return east ? offset : -offset;
}

struct Unit {
    std::string_view name;
    std::int64_t milliseconds;
};
constexpr std::array<Unit, 5> kUnits{{{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

}  // namespace

std::string formatRfc3339(WallTime time) {
    const auto ms = std::chrono::floor<milliseconds>(time);
    const auto day = std::chrono::floor<std::chrono::days>(ms);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{ms - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

std::optional<WallTime> parseRfc3339(std::string_view text) {
    const auto year = takeDigits(text, 4);
    if (!year || !takeChar(text, '-')) return std::nullopt;
    const auto month = takeDigits(text, 2);
    if (!month || !takeChar(text, '-')) return std::nullopt;
    const auto day = takeDigits(text, 2);
    if (!day || !(takeChar(text, 'T') || takeChar(text, 't') || takeChar(text, ' '))) return std::nullopt;
    const auto hour = takeDigits(text, 2);
    if (!hour || !takeChar(text, ':')) return std::nullopt;
    const auto minute = takeDigits(text, 2);
    if (!minute || !takeChar(text, ':')) return std::nullopt;
    const auto second = takeDigits(text, 2);
    if (!second) return std::nullopt;
    const auto fraction = takeFraction(text);
    if (!fraction) return std::nullopt;
    const auto offset = takeOffset(text);
    if (!offset || !text.empty()) return std::nullopt;

    const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    constexpr int kLeapSecond = 60;
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > kLeapSecond) return std::nullopt;
    const auto days = std::chrono::sys_days{date}.time_since_epoch();
    const milliseconds sinceEpoch =
        days + std::chrono::hours{*hour} + std::chrono::minutes{*minute} + seconds{*second} + *fraction - *offset;
    // A system_clock tick is a nanosecond: years past 2262 and before 1678 do not fit.
    constexpr auto kLimit = std::chrono::duration_cast<milliseconds>(WallTime::duration::max());
    return WallTime{std::chrono::duration_cast<WallTime::duration>(std::clamp(sinceEpoch, -kLimit, kLimit))};
}

std::optional<milliseconds> parseDuration(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool isTooLong = error == std::errc::result_out_of_range;
    if ((error != std::errc{} && !isTooLong) || number < 0 || text.front() == '-') return std::nullopt;
    const std::string_view unitName = text.substr(static_cast<std::size_t>(end - text.data()));
    for (const Unit& unit : kUnits) {
        if (unit.name != unitName) continue;
        constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
        return milliseconds{isTooLong || number > kMost / unit.milliseconds ? kMost : number * unit.milliseconds};
    }
    return std::nullopt;
}

std::string formatDuration(milliseconds duration) {
    if (duration.count() == 0) return "0s";
    const Unit* best = &kUnits.front();
    for (const Unit& unit : kUnits) {
        if (duration.count() % unit.milliseconds == 0) best = &unit;
    }
    return fmt::format("{}{}", duration.count() / best->milliseconds, best->name);
}

}  // namespace edge
