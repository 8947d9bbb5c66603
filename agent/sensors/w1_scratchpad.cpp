// SPDX-License-Identifier: MIT
#include "sensors/w1_scratchpad.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>

#include "core/text.hpp"

namespace edge {
namespace {

constexpr std::uint8_t kUnconverted = 0x0c;

/// Nine bytes as "50 05 4b 46 7f ff 0c 10 1c " at the front of `line`, which is shortened by them.
std::optional<std::array<std::uint8_t, 9>> takeScratchpad(std::string_view& line) {
    std::array<std::uint8_t, 9> bytes{};
    for (std::uint8_t& byte : bytes) {
        if (line.size() < 3 || line[2] != ' ') return std::nullopt;
        const auto [end, error] = std::from_chars(line.data(), line.data() + 2, byte, 16);
        if (error != std::errc{} || end != line.data() + 2) return std::nullopt;
        line.remove_prefix(3);
    }
    return bytes;
}

tl::unexpected<Error> garbled(std::string_view text) {
    return fail(Errc::kFault,
                fmt::format("w1_slave says \"{}\", which is not what the driver writes", printable(trim(text), 120)));
}

bool hasPowerOnPattern(const W1Reading& reading) {
    return reading.scratchpad[6] == kUnconverted;
}

}  // namespace

Result<W1Reading> parseW1Slave(std::string_view text) {
    if (trim(text).empty()) {
        return fail(Errc::kFault,
                    "the sensor does not answer (the driver gives nothing): is it wired, with 4.7 kΩ between "
                    "data and 3.3 V?");
    }
    const std::size_t lineEnd = text.find('\n');
    if (lineEnd == std::string_view::npos) return garbled(text);
    std::string_view first = text.substr(0, lineEnd);
    std::string_view second = text.substr(lineEnd + 1);

    const auto scratchpad = takeScratchpad(first);
    if (!scratchpad || !first.starts_with(": crc=")) return garbled(text);
    if (trim(first).ends_with(" NO")) {
        return fail(Errc::kFault,
                    "checksum error on the 1-Wire bus: is the cable too long, or the pull-up resistor missing?");
    }
    if (!trim(first).ends_with(" YES")) return garbled(text);
    if (std::ranges::all_of(*scratchpad, [](std::uint8_t byte) { return byte == 0; })) {
        return fail(Errc::kFault, "the sensor answers with zeros only: is its data line shorted to ground?");
    }
    if (!takeScratchpad(second) || !second.starts_with("t=")) return garbled(text);
    const auto milliCelsius = parseNumber<std::int64_t>(trim(second.substr(2)));
    if (!milliCelsius) return garbled(text);
    return W1Reading{*scratchpad, *milliCelsius};
}

bool PowerOnFilter::accept(const W1Reading& reading) {
    const bool isSuspicious = reading.milliCelsius == kPowerOnMilliCelsius;
    const bool isPattern = isSuspicious && hasPowerOnPattern(reading);
    const bool hasNeighbour = lastGood_ && std::llabs(*lastGood_ - reading.milliCelsius) <= kNeighbourMilliCelsius &&
                              !(isPattern && isPatternSpent_);
    const bool isConfirmed = isSuspicious && !isPattern && wasPlausible_;

    if (isSuspicious && !hasNeighbour && !isConfirmed) {
        forget();
        wasPlausible_ = !isPattern;
        return false;
    }
    lastGood_ = reading.milliCelsius;
    isPatternSpent_ = isPattern;
    wasPlausible_ = false;
    return true;
}

void PowerOnFilter::forget() {
    lastGood_.reset();
    isPatternSpent_ = false;
    wasPlausible_ = false;
}

}  // namespace edge
