// SPDX-License-Identifier: MIT
#include "services/reading_format.hpp"

#include <cmath>

#include <fmt/core.h>

namespace edge {
namespace {

/// Without trailing zeros, and without "-0".
std::string shortest(double value, int decimals) {
    std::string text = fmt::format("{:.{}f}", value, decimals);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text == "-0" ? "0" : text;
}

std::string fixed(double value, int decimals) {
    std::string text = fmt::format("{:.{}f}", value, decimals);
    const bool isZero = text.find_first_not_of("-0.") == std::string::npos;
    return isZero && text.front() == '-' ? text.substr(1) : text;
}

}  // namespace

std::string formatReadingJson(const ReadingRecord& reading) {
    constexpr int kDecimals = 3;
    return fmt::format(R"({{"value":{},"unit":"°C","time":"{}","boot":"{}","seq":{}}})",
                       shortest(reading.value, kDecimals), formatRfc3339(reading.time), reading.bootId, reading.seq);
}

std::string formatReading(const ReadingRecord& reading, ReadingFormat format) {
    constexpr int kDecimals = 2;
    switch (format) {
        case ReadingFormat::kInteger:
            return fmt::format("{}", std::llround(reading.value));
        case ReadingFormat::kDecimal:
            return fixed(reading.value, kDecimals);
        case ReadingFormat::kJson:
            return formatReadingJson(reading);
    }
    return formatReadingJson(reading);
}

}  // namespace edge
