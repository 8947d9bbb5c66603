// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "config/config.hpp"
#include "journal/records.hpp"

namespace edge {

/// Sets the sensor's name, unit, quantity and decimals.
void describeReading(ReadingRecord& reading, const SensorConfig& sensor);

/// `{"value":48.20,"unit":"%","quantity":"humidity","time":"…","boot":"…","seq":17}`.
std::string formatReadingJson(const ReadingRecord& reading);

/// What a plain topic carries: a rounded integer (never "-0": int(payload) must be what a person expects), two
/// decimals, or the JSON.
std::string formatReading(const ReadingRecord& reading, ReadingFormat format);

}  // namespace edge
