// SPDX-License-Identifier: MIT
#include "core/time/time.hpp"

#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

#include <fmt/core.h>

#include "core/text.hpp"

namespace edge {
namespace {

/// Whether `text` has a digit for each '0' of `shape`, a separator of date and time for 'T', a sign for '+', and all
/// else as it is.
bool hasShape(std::string_view text, std::string_view shape) {
    return std::equal(text.begin(), text.end(), shape.begin(), shape.end(), [](char c, char expected) {
        if (expected == '0') return c >= '0' && c <= '9';
        if (expected == 'T') return c == 'T' || c == 't' || c == ' ';
        return c == expected || (expected == '+' && c == '-');
    });
}

/// Of what has the shape of a number.
int numberAt(std::string_view text, std::size_t at, std::size_t digits) {
    return parseNumber<int>(text.substr(at, digits)).value_or(0);
}

/// ".5", ".123456" or nothing, which `text` is shortened by; nullopt for a point without digits.
std::optional<milliseconds> takeFraction(std::string_view& text) {
    if (!text.starts_with('.')) return milliseconds{0};
    const std::size_t end = std::min(text.find_first_not_of("0123456789", 1), text.size());
    const std::string digits(text.substr(1, end - 1));
    text.remove_prefix(end);
    return digits.empty() ? std::nullopt : std::optional(milliseconds{numberAt(digits + "00", 0, 3)});
}

/// "Z" or "+hh:mm".
std::optional<std::chrono::minutes> parseOffset(std::string_view text) {
    if (text == "Z" || text == "z") return std::chrono::minutes{0};
    if (!hasShape(text, "+00:00")) return std::nullopt;
    const int hours = numberAt(text, 1, 2);
    const int minutes = numberAt(text, 4, 2);
    if (hours > 23 || minutes > 59) return std::nullopt;
    return std::chrono::minutes{(text.front() == '+' ? 1 : -1) * (hours * 60 + minutes)};
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
    constexpr std::string_view kShape = "0000-00-00T00:00:00";
    if (!hasShape(text.substr(0, kShape.size()), kShape)) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{numberAt(text, 0, 4)},
                                           std::chrono::month{static_cast<unsigned>(numberAt(text, 5, 2))},
                                           std::chrono::day{static_cast<unsigned>(numberAt(text, 8, 2))}};
    const int hour = numberAt(text, 11, 2);
    const int minute = numberAt(text, 14, 2);
    const int second = numberAt(text, 17, 2);
    constexpr int kLeapSecond = 60;
    text.remove_prefix(kShape.size());
    const auto fraction = takeFraction(text);
    const auto offset = parseOffset(text);
    const bool isTime = date.ok() && hour <= 23 && minute <= 59 && second <= kLeapSecond;
    if (!isTime || !fraction || !offset) return std::nullopt;

    const auto days = std::chrono::sys_days{date}.time_since_epoch();
    const milliseconds sinceEpoch =
        days + std::chrono::hours{hour} + std::chrono::minutes{minute} + seconds{second} + *fraction - *offset;
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

std::tm toLocal(WallTime time) {
    const std::time_t unixTime = std::chrono::system_clock::to_time_t(std::chrono::floor<seconds>(time));
    std::tm local{};
    ::tzset();  // localtime_r() alone reads the zone once
    ::localtime_r(&unixTime, &local);
    return local;
}

std::string formatLocalTime(WallTime time) {
    const std::tm local = toLocal(time);
    std::array<char, 32> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local)};
}

BootTime bootTimeNow() {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return seconds{now.tv_sec} + nanoseconds{now.tv_nsec};
}

SteadyTime SystemClock::now() const {
    return std::chrono::steady_clock::now();
}

WallTime SystemClock::wallNow() const {
    return std::chrono::system_clock::now();
}

ClockState SystemClock::wallState() const {
    const SteadyTime time = now();
    if (time < askAgain_.load()) return answer_;
    answer_ = ask();
    askAgain_ = time + kAnswerAge;
    return answer_;
}

ClockState SystemClock::ask() const {
    timex state{};  // modes = 0: only asks
    const bool known = adjtimex(&state) >= 0;
    if (known && (state.status & STA_UNSYNC) == 0) return ClockState::kSynchronised;
    if (!known && told_ == ClockState::kSynchronised) return ClockState::kSynchronised;
    // The kernel's flag goes stale when a daemon slews rarely; timesyncd leaves this mark once it has set the clock.
    const bool marked = access("/run/systemd/timesync/synchronized", F_OK) == 0;
    return marked ? ClockState::kSynchronised : ClockState::kUnsynchronised;
}

void SystemClock::setTold(ClockState state) {
    told_ = state;
    askAgain_ = SteadyTime::min();
}

bool SystemClock::canAskKernel() {
    timex state{};
    return adjtimex(&state) >= 0;
}

}  // namespace edge
