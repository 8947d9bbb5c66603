// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "config/config.hpp"
#include "journal/records.hpp"

namespace edge {

/// `{"value":21.437,"unit":"°C","time":"…","boot":"…","seq":17}`, the value with kReadingDecimals.
std::string formatReadingJson(const ReadingRecord& reading);

/// What a plain topic carries: a rounded integer (never "-0": int(payload) must be what a person expects), two
/// decimals, or the JSON.
std::string formatReading(const ReadingRecord& reading, ReadingFormat format);

}  // namespace edge
