// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "core/time/time.hpp"

namespace edge {

enum class KeepReadings { kUndelivered, kAll, kNone };

struct JournalConfig {
    std::string path = "/var/lib/pi-edge-agent/journal.db";
    KeepReadings readings = KeepReadings::kUndelivered;
    milliseconds flush = seconds{60};
    milliseconds maxAge = std::chrono::hours{24 * 30};
    std::int64_t maxSizeBytes = 16LL << 20;

    bool operator==(const JournalConfig&) const = default;
};

}  // namespace edge
