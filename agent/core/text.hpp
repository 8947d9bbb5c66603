// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace edge {

/// Well-formed UTF-8 by RFC 3629 (no overlong forms, no surrogates, nothing past U+10FFFF).
[[nodiscard]] bool isValidUtf8(std::string_view text);

/// UTF-8 without control characters (C0, DEL, C1) and noncharacters. In a string of MQTT they are forbidden or let a
/// broker close the connection (MQTT 5, 1.5.4), as mosquitto does.
[[nodiscard]] bool isPlainText(std::string_view text);

/// ASCII white space removed at both ends.
[[nodiscard]] std::string_view trim(std::string_view text);

/// ASCII letters only; other bytes stay.
[[nodiscard]] std::string toLower(std::string_view text);

/// Whether `text` has only ASCII letters, digits and characters of `others`.
[[nodiscard]] bool isWord(std::string_view text, std::string_view others);

/// White space (ASCII's and Unicode's) and invisible characters (a byte order mark, zero-width characters,
/// bidirectional marks) removed at both ends: what a person cannot see in front of a word is not part of it.
[[nodiscard]] std::string_view trimInvisible(std::string_view text);

/// For a log line or an error message: what does not print (controls, C1 too, bidirectional marks, zero-width
/// characters) escaped as \xNN or \u{NNNN}, invalid UTF-8 as \xNN; cut after `maxBytes` (never inside a character) with
/// "…".
[[nodiscard]] std::string printable(std::string_view text, std::size_t maxBytes = 200);

/// The same for text of several lines: line feeds stay, and nothing is cut.
[[nodiscard]] std::string printableLines(std::string_view text);

/// The same for serialised JSON of valid UTF-8: escaped as JSON does, so that it means what it meant.
[[nodiscard]] std::string printableJson(std::string_view json);

/// How deeply objects and lists are nested in `json`, whether it is valid or not. What copies or writes a parsed value
/// recurses: text from outside is measured before.
[[nodiscard]] std::size_t jsonDepth(std::string_view json);

/// The whole of `text` as a number: "12", "-3", "ff" with base 16, "2.5"; nullopt for anything else, and out of its
/// range. `format` is the base, or std::chars_format.
template <typename Number, typename... Format>
[[nodiscard]] std::optional<Number> parseNumber(std::string_view text, Format... format) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, format...);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

/// With exactly `decimals` digits behind the point, and without "-0".
[[nodiscard]] std::string formatDecimal(double value, int decimals);

/// SHA-256 (FIPS 180-4) as 64 lower-case hex digits. Thread: any.
[[nodiscard]] std::string sha256Hex(std::string_view bytes);

/// Two lower-case digits a byte.
[[nodiscard]] std::string toHex(std::string_view bytes);

/// Every `{id}` replaced.
[[nodiscard]] std::string expandId(std::string_view pattern, std::string_view id);

}  // namespace edge
