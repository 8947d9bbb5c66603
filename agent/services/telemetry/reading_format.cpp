// SPDX-License-Identifier: MIT
#include "services/telemetry/reading_format.hpp"

#include <cmath>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "core/text.hpp"

namespace edge {

void describeReading(ReadingRecord& reading, const SensorConfig& sensor) {
    reading.sensor = sensor.name;
    reading.unit = unitOf(sensor);
    reading.quantity = sensor.isQuantityGiven ? infoOf(sensor.quantity).name : "";
    reading.decimals = decimalsOf(sensor);
}

std::string formatReadingJson(const ReadingRecord& reading) {
    // A unit may be any text that the configuration has.
    const std::string unit = nlohmann::json(reading.unit).dump();
    const std::string quantity = reading.quantity.empty() ? "" : fmt::format(R"("quantity":"{}",)", reading.quantity);
    return fmt::format(R"({{"value":{},"unit":{},{}"time":"{}","boot":"{}","seq":{}}})",
                       formatDecimal(reading.value, reading.decimals), unit, quantity, formatRfc3339(reading.time),
                       reading.bootId, reading.seq);
}

std::string formatReading(const ReadingRecord& reading, ReadingFormat format) {
    constexpr int kDecimals = 2;
    switch (format) {
        case ReadingFormat::kInteger:
            return formatDecimal(std::round(reading.value), 0);
        case ReadingFormat::kDecimal:
            return formatDecimal(reading.value, kDecimals);
        case ReadingFormat::kJson:
            break;
    }
    return formatReadingJson(reading);
}

}  // namespace edge
