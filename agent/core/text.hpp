// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace edge {

/// Well-formed UTF-8 by RFC 3629 (no overlong forms, no surrogates, nothing past U+10FFFF).
[[nodiscard]] bool isValidUtf8(std::string_view text);

/// ASCII white space removed at both ends.
[[nodiscard]] std::string_view trim(std::string_view text);

/// ASCII letters only; other bytes stay.
[[nodiscard]] std::string toLower(std::string_view text);

/// For a log line or an error message: control characters and invalid UTF-8 escaped as \xNN, cut after `maxBytes`
/// (never inside a character) with "…".
[[nodiscard]] std::string printable(std::string_view text, std::size_t maxBytes = 200);

/// Two lower-case digits a byte.
[[nodiscard]] std::string toHex(std::string_view bytes);

/// Every `{id}` replaced.
[[nodiscard]] std::string expandId(std::string_view pattern, std::string_view id);

}  // namespace edge
