// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>

namespace edge {

inline constexpr int kGlyphWidth = 5;
inline constexpr int kGlyphHeight = 7;
/// Rows from the top; bit 4 is the leftmost pixel.
using Glyph = std::array<std::uint8_t, kGlyphHeight>;

/// Digits, '-', ':', '#' and '.'; anything else is blank.
[[nodiscard]] const Glyph& glyphFor(char c);

}  // namespace edge
