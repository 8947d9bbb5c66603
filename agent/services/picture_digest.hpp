// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace edge {

/// SHA-256 (FIPS 180-4) of a picture, as 64 lower-case hex digits. OpenSSL's, not core/sha256.hpp's: pictures are
/// large, and where the processor has no instructions for it (Pi 3, Pi 4, Zero 2 W) OpenSSL needs little more than half
/// the time. The agent has OpenSSL loaded in any case; the camera program has not. Throws std::bad_alloc. Thread: any.
[[nodiscard]] std::string pictureDigest(std::string_view jpeg);

}  // namespace edge
