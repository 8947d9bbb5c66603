// SPDX-License-Identifier: MIT
#include "core/text.hpp"

#include <algorithm>
#include <cstdint>

#include <fmt/core.h>

namespace edge {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n\v\f";

/// The length of the well-formed UTF-8 sequence at the front, 0 where there is none. RFC 3629, table 3-7 of Unicode.
std::size_t sequenceLength(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const auto isBetween = [&](std::size_t i, unsigned low, unsigned high) {
        return i < text.size() && byte(i) >= low && byte(i) <= high;
    };
    const auto isTail = [&](std::size_t i) { return isBetween(i, 0x80, 0xBF); };

    const unsigned lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return isTail(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;   // overlong
        const unsigned high = lead == 0xED ? 0x9F : 0xBF;  // surrogates
        return isBetween(1, low, high) && isTail(2) ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
        const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;
        return isBetween(1, low, high) && isTail(2) && isTail(3) ? 4 : 0;
    }
    return 0;
}

}  // namespace

bool isValidUtf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = sequenceLength(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(kWhiteSpace);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kWhiteSpace) - first + 1);
}

std::string toLower(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return lower;
}

std::string printable(std::string_view text, std::size_t maxBytes) {
    std::string shown;
    while (!text.empty()) {
        const std::size_t length = sequenceLength(text);
        const auto byte = static_cast<std::uint8_t>(text.front());
        const bool isControl = byte < 0x20 || byte == 0x7F;
        const std::string piece =
            length == 0 || isControl ? fmt::format("\\x{:02x}", byte) : std::string(text.substr(0, length));
        if (shown.size() + piece.size() > maxBytes) return shown + "…";
        shown += piece;
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return shown;
}

std::string expandId(std::string_view pattern, std::string_view id) {
    constexpr std::string_view kPlaceholder = "{id}";
    std::string expanded(pattern);
    for (std::size_t at = expanded.find(kPlaceholder); at != std::string::npos;
         at = expanded.find(kPlaceholder, at + id.size())) {
        expanded.replace(at, kPlaceholder.size(), id);
    }
    return expanded;
}

std::string toHex(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    hex.reserve(2 * bytes.size());
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        hex += kDigits[byte >> 4U];
        hex += kDigits[byte & 0xFU];
    }
    return hex;
}

}  // namespace edge
