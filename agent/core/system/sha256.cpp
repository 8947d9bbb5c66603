// SPDX-License-Identifier: MIT
#include "core/system/sha256.hpp"

#include <array>

#include <nettle/sha2.h>

#include "core/text.hpp"

namespace edge {

std::string sha256Hex(std::string_view bytes) {
    sha256_ctx context{};
    sha256_init(&context);
    // nettle counts in uint8_t; char may be read as such.
    sha256_update(&context, bytes.size(), reinterpret_cast<const uint8_t*>(bytes.data()));
    std::array<uint8_t, SHA256_DIGEST_SIZE> digest{};
    sha256_digest(&context, digest.size(), digest.data());
    return toHex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace edge
