// SPDX-License-Identifier: MIT
#include "sensors/number.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/text.hpp"

namespace edge {
namespace {

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

/// What an ASCII word is made of.
bool isWordCharacter(char c) {
    return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool isBlank(char c) {
    return c == ' ' || c == '\t';
}

bool startsWithDigit(std::string_view text) {
    return !text.empty() && isDigit(text.front());
}

/// A decimal point or comma.
bool startsWithFraction(std::string_view text) {
    return text.size() > 1 && (text.front() == '.' || text.front() == ',') && isDigit(text[1]);
}

std::string_view withoutBlanks(std::string_view text) {
    while (!text.empty() && isBlank(text.front())) text.remove_prefix(1);
    return text;
}

/// Removes one of `prefixes` from the front of `text`.
template <std::size_t Count>
bool takeOneOf(std::string_view& text, const std::array<std::string_view, Count>& prefixes) {
    for (const std::string_view prefix : prefixes) {
        if (!text.starts_with(prefix)) continue;
        text.remove_prefix(prefix.size());
        return true;
    }
    return false;
}

/// UTF-8 of: degree sign, and what people type for it; degree Celsius. Last, the degree sign of ISO 8859-1.
constexpr std::array<std::string_view, 5> kDegrees{"\u00b0", "\u00ba", "\u02da", "\u2103", "\xb0"};
/// UTF-8 of: no-break space, narrow no-break space, thin space.
constexpr std::array<std::string_view, 3> kUnitSpaces{"\u00a0", "\u202f", "\u2009"};
/// Signs that a person reads as a minus, or may: '-' apart from its number, hyphens and dashes, minus signs.
constexpr std::array<std::string_view, 11> kDashes{"-",      "+",      "\u2010", "\u2011", "\u2012", "\u2013",
                                                   "\u2014", "\u2015", "\u2212", "\ufe63", "\uff0d"};

/// Control characters beside white space: no text, or UTF-16.
bool hasControlCharacters(std::string_view text) {
    return std::ranges::any_of(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && (byte < '\t' || byte > '\r')) || byte == 0x7f;
    });
}

/// Where the first number begins: at its sign, its digit or its leading point. Digits of a name ("sensor1", "out-2")
/// are none; npos when there is no number, or a name with a fraction ("T-21.5"), which may be meant as one.
std::size_t findStart(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (!isDigit(text[i])) continue;
        std::size_t start = i;
        if (start > 0 && text[start - 1] == '.') --start;
        if (start > 0 && (text[start - 1] == '-' || text[start - 1] == '+')) --start;
        if (start == 0 || !isWordCharacter(text[start - 1])) return start;
        while (i + 1 < text.size() && isWordCharacter(text[i + 1])) ++i;  // the rest of the name
        if (text[start] == '.' || startsWithFraction(text.substr(i + 1))) return std::string_view::npos;
    }
    return std::string_view::npos;
}

/// Whether a number can begin after `before`: at the beginning, after white space, a bracket, a quote or a separator.
bool canBeginAfter(std::string_view before) {
    if (before.empty()) return true;
    const char last = before.back();
    if (last == '\n' || last == '\r') return true;
    if (isBlank(last)) {
        while (!before.empty() && isBlank(before.back())) before.remove_suffix(1);
        const bool isSigned =
            std::ranges::any_of(kDashes, [before](std::string_view dash) { return before.ends_with(dash); });
        return !isSigned && (before.empty() || std::string_view("<>~").find(before.back()) == std::string_view::npos);
    }
    if (std::string_view("([{").find(last) != std::string_view::npos) {
        before.remove_suffix(1);
        return canBeginAfter(before);  // not the index of a name: "T[0]"
    }
    if (last == '>') return before.find('<') != std::string_view::npos;  // "<temp>"
    return std::string_view("=:\"';|,").find(last) != std::string_view::npos;
}

bool isUnitEnd(std::string_view rest) {
    return rest.empty() || (!isWordCharacter(rest.front()) && !startsWithFraction(rest));
}

/// `unit` and nothing glued to it; for "°C" also "C", "°" and "℃".
bool isUnit(std::string_view rest, std::string_view unit) {
    if (unit != "°C") {
        if (unit.empty() || !rest.starts_with(unit)) return false;
        rest.remove_prefix(unit.size());
        return isUnitEnd(rest);
    }
    const bool isDegree = takeOneOf(rest, kDegrees);
    const bool isCelsius = rest.starts_with('C');
    if (isCelsius) rest.remove_prefix(1);
    return (isDegree || isCelsius) && isUnitEnd(rest);
}

/// "1" before " 234" may be one number with a thousands separator.
bool isThousands(std::string_view number, std::string_view rest) {
    if (number.size() > 4 || number.find('.') != std::string_view::npos) return false;
    std::size_t digits = 0;
    while (digits < rest.size() && isDigit(rest[digits])) ++digits;
    return digits == 3 && !(rest.size() > 3 && isWordCharacter(rest[3]));
}

/// Whether `number`, in `unit`, can end before `rest`.
bool canEndBefore(std::string_view number, std::string_view rest, std::string_view unit) {
    if (rest.empty()) return true;
    const char next = rest.front();
    const std::string_view after = rest.substr(1);
    if (next == '\n' || next == '\r') return true;
    if (isBlank(next)) {
        const std::string_view word = withoutBlanks(rest);
        const bool isLabel = !word.empty() && (word.front() == '=' || word.front() == ':');
        return !isLabel && !startsWithFraction(word) && !isThousands(number, word);
    }
    if (next == ',') {
        // "21.5,45" are two numbers; "21,5" is one, and "1.234,5" may be.
        const std::size_t point = number.find('.');
        return !startsWithDigit(after) || (point != std::string_view::npos && number.size() - point - 1 != 3);
    }
    if (next == '.') return after.empty() || isBlank(after.front()) || after.front() == '\n';
    if (next == '\'' || next == '"') return !startsWithDigit(after);  // "1'234", but "42.3'C"
    if (std::string_view(")]};|<%").find(next) != std::string_view::npos) return true;
    std::string_view word = rest;
    takeOneOf(word, kUnitSpaces);
    return isUnit(word, unit);
}

}  // namespace

std::optional<double> parseDecimalNumber(std::string_view text) {
    const auto number = parseNumber<double>(trim(text));
    return number && std::isfinite(*number) ? number : std::nullopt;
}

std::optional<double> findFirstNumber(std::string_view text, std::string_view unit) {
    constexpr std::string_view kByteOrderMark = "\ufeff";
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    if (hasControlCharacters(text)) return std::nullopt;
    const std::size_t start = findStart(text);
    if (start == std::string_view::npos || !canBeginAfter(text.substr(0, start))) return std::nullopt;
    text.remove_prefix(start);
    if (text.front() == '+') text.remove_prefix(1);  // from_chars takes no plus

    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || !std::isfinite(value)) return std::nullopt;
    const auto length = static_cast<std::size_t>(end - text.data());
    if (!canEndBefore(text.substr(0, length), text.substr(length), unit)) return std::nullopt;
    return value;
}

}  // namespace edge
