// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/time/time.hpp"

namespace edge {

/// "2026-11-20 09:30:00" in the time zone that the machine has now: a change while the program runs counts.
std::string formatLocalTime(WallTime time);

/// Of a reading in JSON: thousandths, which is what the kernel's interfaces give. Always as many, because a strict
/// collector takes 23 and 23.125 for two types.
inline constexpr int kReadingDecimals = 3;

/// With exactly `decimals` digits behind the point, and without "-0".
std::string formatDecimal(double value, int decimals);

}  // namespace edge
