// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/result.hpp"

namespace edge {

/// What the kernel's w1_slave attribute says about one conversion.
struct W1Reading {
    std::array<std::uint8_t, 9> scratchpad{};
    std::int64_t milliCelsius = 0;
};

/// Reads the attribute's two lines. Errors (kFault): empty, which is how the driver reports a failed checksum or a
/// sensor that was pulled; CRC "NO"; a scratchpad of zeros, whose checksum is right and which is what a data line held
/// low reads; no "t="; anything that is not the driver's format.
Result<W1Reading> parseW1Slave(std::string_view text);

/// Tells a measurement from 85 °C, the value in a sensor that lost its supply and has not converted since.
///
/// 85 °C is taken for a measurement in two cases. One: the good reading before it was within 5 °C, so that even a wrong
/// one is no more than 5 °C wrong; where the scratchpad has the power-on pattern, this counts once, or a sensor that
/// fails at 82 °C would read 85 for ever. Two: it is the second conversion in a row that says so, and neither
/// scratchpad has the power-on pattern: byte 6 is 0x0c in a sensor that has not converted (and 0x10 in a genuine
/// DS18B20 that has measured 85 °C). So a room whose first reading is a true 85 °C is believed one interval later, a
/// bad supply never.
class PowerOnFilter {
  public:
    /// Whether `reading` may be believed. Call it with every reading of one device, in order.
    bool accept(const W1Reading& reading);
    /// Another device is read from now on, or a read failed: the readings before are no neighbours any more.
    void forget();

    static constexpr std::int64_t kPowerOnMilliCelsius = 85'000;
    static constexpr std::int64_t kNeighbourMilliCelsius = 5'000;

  private:
    std::optional<std::int64_t> lastGood_;
    bool isPatternSpent_ = false;  ///< the last good one had the power-on pattern itself
    bool wasPlausible_ = false;    ///< the one before was a refused 85 °C without the pattern
};

}  // namespace edge
