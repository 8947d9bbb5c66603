// SPDX-License-Identifier: MIT
#include "camera/local_time.hpp"

#include <array>
#include <ctime>

namespace edge {

std::string formatLocalTime(WallTime time) {
    const std::time_t clock = std::chrono::system_clock::to_time_t(time);
    std::tm parts{};
    ::localtime_r(&clock, &parts);
    std::array<char, 32> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
    return std::string(text.data(), length);
}

}  // namespace edge
