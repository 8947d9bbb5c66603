// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

namespace edge {

/// A finite decimal number and nothing else (white space around it is allowed); nullopt for "nan", "inf", "1e400".
std::optional<double> parseDecimalNumber(std::string_view text);

/// The first number in a text: "23.5", "temp=42.3'C", "T: +21 °C", "sensor1: -3.25". Before it stands nothing, white
/// space, a bracket, a quote or one of =:;,|, behind it the same, "%" or `unit` (for "°C" also °, ℃, C). What could be
/// read in another way is no number: nullopt, because a wrong temperature is worse than none. That is a decimal comma
/// ("23,5"), a thousands separator ("1,234.5", "1 234"), a sign other than - and +, or one apart from the number ("-
/// 3"), a hexadecimal number, a time or date, a number glued to a word or another unit, and a text in UTF-16. A UTF-8
/// byte order mark is passed over.
std::optional<double> findFirstNumber(std::string_view text, std::string_view unit = "°C");

}  // namespace edge
