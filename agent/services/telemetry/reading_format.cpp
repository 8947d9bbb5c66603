// SPDX-License-Identifier: MIT
#include "services/telemetry/reading_format.hpp"

#include <cmath>

#include <fmt/core.h>

#include "core/text.hpp"

namespace edge {

std::string formatReadingJson(const ReadingRecord& reading) {
    return fmt::format(R"({{"value":{},"unit":"°C","time":"{}","boot":"{}","seq":{}}})",
                       formatDecimal(reading.value, kReadingDecimals), formatRfc3339(reading.time), reading.bootId,
                       reading.seq);
}

std::string formatReading(const ReadingRecord& reading, ReadingFormat format) {
    constexpr int kDecimals = 2;
    switch (format) {
        case ReadingFormat::kInteger:
            return fmt::format("{}", std::llround(reading.value));
        case ReadingFormat::kDecimal:
            return formatDecimal(reading.value, kDecimals);
        case ReadingFormat::kJson:
            return formatReadingJson(reading);
    }
    return formatReadingJson(reading);
}

}  // namespace edge
