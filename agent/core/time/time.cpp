// SPDX-License-Identifier: MIT
#include "core/time/time.hpp"

#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <ctime>
#include <limits>

#include <fmt/core.h>

namespace edge {
namespace {

/// Reads fixed fields from the front of a text. Once something is not as expected, it stays failed.
class FieldReader {
  public:
    explicit FieldReader(std::string_view text) : rest_(text) {}

    /// Exactly `count` decimal digits.
    int digits(std::size_t count) {
        int value = 0;
        for (std::size_t i = 0; i < count; ++i) value = value * 10 + digit();
        return value;
    }
    /// One of `expected`.
    void skip(std::string_view expected) {
        if (!next(expected)) hasFailed_ = true;
    }
    /// Whether one of `expected` came, which is then skipped.
    bool next(std::string_view expected) {
        if (rest_.empty() || expected.find(rest_.front()) == std::string_view::npos) return false;
        rest_.remove_prefix(1);
        return true;
    }
    /// ".5", ".123456" or nothing.
    milliseconds fraction() {
        if (!next(".")) return milliseconds{0};
        int value = digit() * 100;
        for (int scale = 10; isDigit(); scale /= 10) value += digit() * scale;
        return milliseconds{value};
    }
    /// "Z" or "+hh:mm".
    std::chrono::minutes offset() {
        if (next("Zz")) return std::chrono::minutes{0};
        const bool isEast = next("+");
        if (!isEast) skip("-");
        const int hours = digits(2);
        skip(":");
        const int minutes = digits(2);
        if (hours > 23 || minutes > 59) hasFailed_ = true;
        return std::chrono::minutes{(isEast ? 1 : -1) * (hours * 60 + minutes)};
    }
    [[nodiscard]] bool isDone() const { return !hasFailed_ && rest_.empty(); }

  private:
    [[nodiscard]] bool isDigit() const {
        return !hasFailed_ && !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
    }
    int digit() {
        if (!isDigit()) {
            hasFailed_ = true;
            return 0;
        }
        const int value = rest_.front() - '0';
        rest_.remove_prefix(1);
        return value;
    }

    std::string_view rest_;
    bool hasFailed_ = false;
};

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
    FieldReader in(text);
    const std::chrono::year year{in.digits(4)};
    in.skip("-");
    const std::chrono::month month{static_cast<unsigned>(in.digits(2))};
    in.skip("-");
    const std::chrono::day day{static_cast<unsigned>(in.digits(2))};
    in.skip("Tt ");
    const int hour = in.digits(2);
    in.skip(":");
    const int minute = in.digits(2);
    in.skip(":");
    const int second = in.digits(2);
    const milliseconds fraction = in.fraction();
    const std::chrono::minutes offset = in.offset();
    constexpr int kLeapSecond = 60;
    const std::chrono::year_month_day date{year, month, day};
    if (!in.isDone() || !date.ok() || hour > 23 || minute > 59 || second > kLeapSecond) return std::nullopt;

    const auto days = std::chrono::sys_days{date}.time_since_epoch();
    const milliseconds sinceEpoch =
        days + std::chrono::hours{hour} + std::chrono::minutes{minute} + seconds{second} + fraction - offset;
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

std::string formatLocalTime(WallTime time) {
    const std::time_t unixTime = std::chrono::system_clock::to_time_t(std::chrono::floor<seconds>(time));
    std::tm local{};
    ::tzset();  // localtime_r() alone reads the zone once
    ::localtime_r(&unixTime, &local);
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
