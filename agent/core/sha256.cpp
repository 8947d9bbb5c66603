// SPDX-License-Identifier: MIT
#include "core/sha256.hpp"

#include <array>

#include <nettle/sha2.h>

namespace edge {

std::string sha256Hex(std::string_view bytes) {
    sha256_ctx context{};
    sha256_init(&context);
    // nettle counts in uint8_t; char may be read as such.
    sha256_update(&context, bytes.size(), reinterpret_cast<const uint8_t*>(bytes.data()));
    std::array<uint8_t, SHA256_DIGEST_SIZE> digest{};
    sha256_digest(&context, digest.size(), digest.data());
    std::string hex;
    hex.reserve(digest.size() * 2);
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (const uint8_t byte : digest) {
        hex += kDigits[byte >> 4U];
        hex += kDigits[byte & 15U];
    }
    return hex;
}

}  // namespace edge
