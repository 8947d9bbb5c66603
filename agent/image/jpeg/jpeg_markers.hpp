// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace edge::marker {

/// JPEG's marker codes: the byte after 0xFF.
inline constexpr std::uint8_t kSof0 = 0xC0;
inline constexpr std::uint8_t kSof2 = 0xC2;
inline constexpr std::uint8_t kDht = 0xC4;
inline constexpr std::uint8_t kRst0 = 0xD0;
inline constexpr std::uint8_t kSoi = 0xD8;
inline constexpr std::uint8_t kEoi = 0xD9;
inline constexpr std::uint8_t kSos = 0xDA;
inline constexpr std::uint8_t kDqt = 0xDB;
inline constexpr std::uint8_t kDri = 0xDD;
inline constexpr std::uint8_t kApp0 = 0xE0;
inline constexpr std::uint8_t kApp1 = 0xE1;
inline constexpr std::uint8_t kApp14 = 0xEE;  ///< Adobe: says which colours the components are
inline constexpr std::uint8_t kApp15 = 0xEF;
inline constexpr std::uint8_t kCom = 0xFE;

[[nodiscard]] constexpr bool isRestart(std::uint8_t code) {
    return code >= 0xD0 && code <= 0xD7;
}
/// SOF0 … SOF15; DHT, JPG and DAC lie between them.
[[nodiscard]] constexpr bool isFrame(std::uint8_t code) {
    return code >= kSof0 && code <= 0xCF && code != kDht && code != 0xC8 && code != 0xCC;
}

}  // namespace edge::marker
