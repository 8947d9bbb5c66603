// SPDX-License-Identifier: MIT
#include "core/format.hpp"

#include <time.h>

#include <array>
#include <ctime>

#include <fmt/core.h>

namespace edge {

std::string formatLocalTime(WallTime time) {
    const std::time_t unixTime = std::chrono::system_clock::to_time_t(std::chrono::floor<seconds>(time));
    std::tm local{};
    ::tzset();  // localtime_r() alone reads the zone once
    ::localtime_r(&unixTime, &local);
    std::array<char, 32> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local)};
}

std::string formatDecimal(double value, int decimals) {
    std::string text = fmt::format("{:.{}f}", value, decimals);
    const bool isZero = text.find_first_not_of("-0.") == std::string::npos;
    return isZero && text.front() == '-' ? text.substr(1) : text;
}

}  // namespace edge
