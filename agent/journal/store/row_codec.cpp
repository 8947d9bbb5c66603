// SPDX-License-Identifier: MIT
#include "journal/store/row_codec.hpp"

#include <charconv>

#include <fmt/core.h>

#include "core/text.hpp"

namespace edge {
namespace {

constexpr std::size_t kBootBytes = 16;

}  // namespace

/// "humidity 2 %", "number 3 ", "" for what a ReadingRecord is by itself.
std::string encodeMeasure(const ReadingRecord& reading) {
    const ReadingRecord usual;
    const bool isUsual =
        reading.quantity == usual.quantity && reading.unit == usual.unit && reading.decimals == usual.decimals;
    return isUsual ? "" : fmt::format("{} {} {}", reading.quantity, reading.decimals, reading.unit);
}

/// A damaged text can be anything: the checksum is wrong then.
void decodeMeasure(std::string_view text, ReadingRecord& reading) {
    const std::size_t first = text.find(' ');
    const std::size_t second = text.find(' ', first + 1);
    if (first == text.npos || second == text.npos) return;
    reading.quantity = text.substr(0, first);
    reading.decimals = parseNumber<int>(text.substr(first + 1, second - first - 1)).value_or(0);
    reading.unit = text.substr(second + 1);
}

std::string encodeBoot(std::string_view bootId) {
    const bool isHex =
        bootId.size() == 2 * kBootBytes && bootId.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    if (!isHex) return std::string(bootId);
    std::string bytes;
    for (std::size_t at = 0; at < bootId.size(); at += 2) {
        unsigned byte = 0;
        std::from_chars(bootId.data() + at, bootId.data() + at + 2, byte, 16);
        bytes += static_cast<char>(byte);
    }
    return bytes;
}

std::string decodeBoot(std::string bytes) {
    return bytes.size() == kBootBytes ? toHex(bytes) : bytes;
}

WallTime timeOf(std::int64_t ms) {
    constexpr auto kLimit = std::chrono::duration_cast<milliseconds>(WallTime::duration::max()).count();
    const bool isTime = ms <= kLimit && ms >= -kLimit;  // otherwise the row is damaged
    return WallTime{std::chrono::duration_cast<WallTime::duration>(milliseconds{isTime ? ms : 0})};
}

}  // namespace edge
