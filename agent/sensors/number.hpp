// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace edge {

/// A whole number and nothing else (white space around it is allowed); nullopt when it is not one, or overflows.
std::optional<std::int64_t> parseWholeNumber(std::string_view text);

/// A finite decimal number and nothing else (white space around it is allowed); nullopt for "nan", "inf", "1e400".
std::optional<double> parseDecimalNumber(std::string_view text);

/// The first number in a text of any kind: "23.5", "temp=42.3'C", "T: +21 °C". Digits that are part of a word
/// ("sensor1"), a hexadecimal number, a decimal comma ("23,5") or a second point make it no number at all: nullopt,
/// because a wrong temperature is worse than none.
std::optional<double> findFirstNumber(std::string_view text);

}  // namespace edge
