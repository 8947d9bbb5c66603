// SPDX-License-Identifier: MIT
#include "journal/since.hpp"

#include <time.h>

#include <algorithm>
#include <array>
#include <string>

#include "core/text.hpp"

namespace edge {
namespace {

std::optional<WallTime> parseLocal(const std::string& text) {
    for (const char* format :
         {"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"}) {
        std::tm local{};
        const char* end = ::strptime(text.c_str(), format, &local);
        if (end == nullptr || *end != '\0') continue;
        local.tm_isdst = -1;
        const int day = local.tm_mday;
        const std::time_t time = std::mktime(&local);
        // mktime makes the 31st of February one of March.
        if (time == -1 || local.tm_mday != day) return std::nullopt;
        constexpr auto kLimit = std::chrono::duration_cast<seconds>(WallTime::duration::max());
        return WallTime{std::clamp(seconds{time}, -kLimit, kLimit)};
    }
    return std::nullopt;
}

}  // namespace

std::optional<WallTime> parseSince(std::string_view text, WallTime now) {
    std::string_view word = trim(text);
    if (word.ends_with(" ago")) word = trim(word.substr(0, word.size() - 4));
    if (const auto duration = parseDuration(word)) {
        // Further back than time goes: everything.
        if (*duration > std::chrono::duration_cast<milliseconds>(now.time_since_epoch())) return WallTime{};
        return now - *duration;
    }
    if (const auto time = parseRfc3339(word)) return time;
    return parseLocal(std::string(word));
}

}  // namespace edge
