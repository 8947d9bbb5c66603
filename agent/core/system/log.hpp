// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <utility>

#include <fmt/core.h>

/// One line for the person who runs the service. Thread: any.
/// Levels: error = somebody must act; warning = something is wrong and is being handled; info = a change of state,
/// once; debug = the path of a single message. One line per change, never one per attempt.
namespace edge::log {

enum class Level { kDebug, kInfo, kWarning, kError };

/// Lines below `level` are dropped. To stderr; under systemd with the <N> priority prefix instead of time and level.
void setLevel(Level level);
[[nodiscard]] bool enabled(Level level);
void write(Level level, std::string_view line);

template <typename... Args>
void line(Level level, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(level)) write(level, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
    line(Level::kDebug, format, std::forward<Args>(args)...);
}
template <typename... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
    line(Level::kInfo, format, std::forward<Args>(args)...);
}
template <typename... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
    line(Level::kWarning, format, std::forward<Args>(args)...);
}
template <typename... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
    line(Level::kError, format, std::forward<Args>(args)...);
}

}  // namespace edge::log
