// SPDX-License-Identifier: MIT
#include "sensors/number.hpp"

#include <charconv>
#include <cmath>

#include "core/text.hpp"

namespace edge {
namespace {

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

/// A letter, a digit or a byte of one: what a word is made of.
bool isWordCharacter(char c) {
    return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// Where the first number begins: at its sign, its digit or its leading point.
std::size_t findStart(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (!isDigit(text[i])) continue;
        std::size_t start = i;
        if (start > 0 && text[start - 1] == '.') --start;
        if (start > 0 && (text[start - 1] == '-' || text[start - 1] == '+')) --start;
        if (start == 0 || !isWordCharacter(text[start - 1])) return start;
        while (i + 1 < text.size() && isWordCharacter(text[i + 1])) ++i;  // the rest of the word
    }
    return std::string_view::npos;
}

/// Whether a number can end before `rest`: "C" is a unit, any other word, a decimal comma or a second point is not.
bool canEndBefore(std::string_view rest, bool hasPoint) {
    if (rest.empty()) return true;
    const bool goesOn = rest.size() > 1 && isWordCharacter(rest[1]);
    if (rest.front() == 'C') return !goesOn;
    if (rest.front() == ',' && !hasPoint) return !(rest.size() > 1 && isDigit(rest[1]));
    if (rest.front() == '.') return !goesOn && !(rest.size() > 1 && rest[1] == '.');
    return !isWordCharacter(rest.front());
}

}  // namespace

std::optional<std::int64_t> parseWholeNumber(std::string_view text) {
    text = trim(text);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<double> parseDecimalNumber(std::string_view text) {
    text = trim(text);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
}

std::optional<double> findFirstNumber(std::string_view text) {
    const std::size_t start = findStart(text);
    if (start == std::string_view::npos) return std::nullopt;
    text.remove_prefix(start);
    if (text.front() == '+') text.remove_prefix(1);  // from_chars takes no plus

    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || !std::isfinite(value)) return std::nullopt;
    const auto length = static_cast<std::size_t>(end - text.data());
    const bool hasPoint = text.substr(0, length).find('.') != std::string_view::npos;
    if (!canEndBefore(text.substr(length), hasPoint)) return std::nullopt;
    return value;
}

}  // namespace edge
