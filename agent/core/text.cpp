// SPDX-License-Identifier: MIT
#include "core/text.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>

#include <fmt/core.h>
#include <nettle/sha2.h>

namespace edge {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n\v\f";

struct Range {
    char32_t first;
    char32_t last;
};
/// What shows nothing, or changes how the text around it is shown (Unicode's Default_Ignorable_Code_Point without the
/// variation selectors that emoji need, the controls, and the line and paragraph separators).
constexpr std::array<Range, 15> kUnprintable{{{0x00, 0x1F},
                                              {0x7F, 0x9F},
                                              {0xAD, 0xAD},
                                              {0x34F, 0x34F},
                                              {0x61C, 0x61C},
                                              {0x115F, 0x1160},
                                              {0x17B4, 0x17B5},
                                              {0x180B, 0x180F},
                                              {0x200B, 0x200F},
                                              {0x2028, 0x202E},
                                              {0x2060, 0x206F},
                                              {0x3164, 0x3164},
                                              {0xFEFF, 0xFEFF},
                                              {0xFFF0, 0xFFFB},
                                              {0xE0000, 0xE0FFF}}};

/// Unicode's White_Space beyond ASCII and what is above.
constexpr std::array<Range, 6> kWideSpace{
    {{0xA0, 0xA0}, {0x1680, 0x1680}, {0x2000, 0x200A}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}}};

/// Of one sequence whose bytes are a lead and its tail.
char32_t codePointOf(std::string_view sequence) {
    const auto lead = static_cast<std::uint8_t>(sequence.front());
    if (sequence.size() == 1) return lead;
    char32_t point = lead & (0x7FU >> sequence.size());
    for (const char c : sequence.substr(1)) point = point << 6U | (static_cast<std::uint8_t>(c) & 0x3FU);
    return point;
}

bool isTail(char c) {
    return (static_cast<std::uint8_t>(c) & 0xC0U) == 0x80U;
}

/// The length of the well-formed UTF-8 sequence at the front, 0 where there is none. RFC 3629.
std::size_t sequenceLength(std::string_view text) {
    constexpr std::array<char32_t, 5> kFirst{0, 0, 0x80, 0x800, 0x10000};  // of each length; before it: overlong
    const auto lead = static_cast<std::uint8_t>(text.front());
    if (lead < 0x80) return 1;
    const auto length = static_cast<std::size_t>(std::countl_one(lead));
    if (length < 2 || length >= kFirst.size() || text.size() < length) return 0;
    const std::string_view sequence = text.substr(0, length);
    if (!std::ranges::all_of(sequence.substr(1), isTail)) return 0;
    const char32_t point = codePointOf(sequence);
    const bool isSurrogate = point >= 0xD800 && point <= 0xDFFF;
    return point >= kFirst[length] && point <= 0x10FFFF && !isSurrogate ? length : 0;
}

bool isIn(std::span<const Range> ranges, char32_t point) {
    return std::ranges::any_of(ranges,
                               [point](const Range& range) { return point >= range.first && point <= range.last; });
}

/// The first character of `text`, which is not empty, as it may be shown; `length` is set to the bytes that it takes.
std::string shownCharacter(std::string_view text, std::size_t& length) {
    length = sequenceLength(text);
    if (length == 0) {
        length = 1;
        return fmt::format("\\x{:02x}", static_cast<std::uint8_t>(text.front()));
    }
    const std::string_view sequence = text.substr(0, length);
    const char32_t point = codePointOf(sequence);
    if (!isIn(kUnprintable, point)) return std::string(sequence);
    const auto number = static_cast<std::uint32_t>(point);
    return point < 0x80 ? fmt::format("\\x{:02x}", number) : fmt::format("\\u{{{:x}}}", number);
}

/// The length of the white space or invisible character at the front, 0 where there is none.
std::size_t invisibleLength(std::string_view text) {
    constexpr char32_t kFirstAfterControls = 0xA0;
    const std::size_t length = text.empty() ? 0 : sequenceLength(text);
    if (length == 0) return 0;
    const char32_t point = codePointOf(text.substr(0, length));
    const bool isInvisible = point >= kFirstAfterControls && (isIn(kUnprintable, point) || isIn(kWideSpace, point));
    return isInvisible || kWhiteSpace.find(text.front()) != std::string_view::npos ? length : 0;
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

bool isPlainText(std::string_view text) {
    constexpr std::array<Range, 3> kForbidden{{{0x00, 0x1F}, {0x7F, 0x9F}, {0xFDD0, 0xFDEF}}};
    while (!text.empty()) {
        const std::size_t length = sequenceLength(text);
        if (length == 0) return false;
        const char32_t point = codePointOf(text.substr(0, length));
        if (isIn(kForbidden, point) || (point & 0xFFFEU) == 0xFFFE) return false;
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

bool isWord(std::string_view text, std::string_view others) {
    return std::ranges::all_of(text, [others](char c) {
        const bool isAlphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return isAlphanumeric || others.find(c) != std::string_view::npos;
    });
}

std::string_view trimInvisible(std::string_view text) {
    while (const std::size_t length = invisibleLength(text)) text.remove_prefix(length);
    while (!text.empty()) {
        std::size_t last = text.size() - 1;
        while (last > 0 && isTail(text[last])) --last;
        if (invisibleLength(text.substr(last)) != text.size() - last) break;
        text = text.substr(0, last);
    }
    return text;
}

std::size_t jsonDepth(std::string_view json) {
    std::size_t depth = 0;
    std::size_t deepest = 0;
    bool isString = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (isString && c == '\\') {
            ++i;
        } else if (c == '"') {
            isString = !isString;
        } else if (!isString && (c == '{' || c == '[')) {
            deepest = std::max(deepest, ++depth);
        } else if (!isString && (c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return deepest;
}

std::string printable(std::string_view text, std::size_t maxBytes) {
    // As nearly all text is.
    const bool isPlain = std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
    if (isPlain && text.size() <= maxBytes) return std::string(text);
    std::string shown;
    while (!text.empty()) {
        std::size_t length = 0;
        const std::string piece = shownCharacter(text, length);
        if (shown.size() + piece.size() > maxBytes) return shown + "…";
        shown += piece;
        text.remove_prefix(length);
    }
    return shown;
}

std::string printableLines(std::string_view text) {
    std::string shown;
    while (true) {
        const std::size_t end = text.find('\n');
        shown += printable(text.substr(0, end), std::string::npos);
        if (end == std::string_view::npos) return shown;
        shown += '\n';
        text.remove_prefix(end + 1);
    }
}

std::string printableJson(std::string_view json) {
    constexpr char32_t kFirstOfTwo = 0x10000;
    std::string shown;
    shown.reserve(json.size());
    while (!json.empty()) {
        const std::size_t length = std::max<std::size_t>(sequenceLength(json), 1);
        const std::string_view sequence = json.substr(0, length);
        const char32_t point = codePointOf(sequence);
        if (point < 0x7F || !isIn(kUnprintable, point)) {
            shown += sequence;
        } else if (point < kFirstOfTwo) {
            shown += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(point));
        } else {
            const auto rest = static_cast<std::uint32_t>(point - kFirstOfTwo);
            shown += fmt::format("\\u{:04x}\\u{:04x}", 0xD800U + (rest >> 10U), 0xDC00U + (rest & 0x3FFU));
        }
        json.remove_prefix(length);
    }
    return shown;
}

std::string expandId(std::string_view pattern, std::string_view id) {
    constexpr std::string_view kPlaceholder = "{id}";
    std::string expanded(pattern);
    for (std::size_t at = 0; (at = expanded.find(kPlaceholder, at)) != std::string::npos; at += id.size())
        expanded.replace(at, kPlaceholder.size(), id);
    return expanded;
}

std::string formatDecimal(double value, int decimals) {
    std::string text = fmt::format("{:.{}f}", value, decimals);
    const bool isZero = text.find_first_not_of("-0.") == std::string::npos;
    return isZero && text.front() == '-' ? text.substr(1) : text;
}

std::string sha256Hex(std::string_view bytes) {
    sha256_ctx context{};
    sha256_init(&context);
    // nettle counts in uint8_t; char may be read as such.
    sha256_update(&context, bytes.size(), reinterpret_cast<const uint8_t*>(bytes.data()));
    std::array<uint8_t, SHA256_DIGEST_SIZE> digest{};
    sha256_digest(&context, digest.size(), digest.data());
    return toHex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string toHex(std::string_view bytes) {
    std::string hex;
    for (const char c : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return hex;
}

}  // namespace edge
