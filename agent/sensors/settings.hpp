// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/time/time.hpp"

namespace edge {

enum class SensorType { kW1, kHwmon, kIio, kThermal, kFile, kSimulated };
enum class ReadingFormat { kInteger, kDecimal, kJson };

struct SensorConfig {
    std::string name;
    SensorType type = SensorType::kW1;
    std::string device;
    std::string topic;         ///< "" = only under topics.base
    milliseconds interval{0};  ///< 0 = telemetry.interval
    ReadingFormat format = ReadingFormat::kInteger;
    double scale = 1.0;
    double offset = 0.0;
    double min = -55.0;
    double max = 125.0;

    bool operator==(const SensorConfig&) const = default;
};

}  // namespace edge
