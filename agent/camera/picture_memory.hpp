// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/files.hpp"
#include "core/result.hpp"

namespace edge {

/// A memfd that holds `bytes` and can never change again, neither in content nor in size: whoever gets it may read it
/// without fear of a writer. Errors: kIo.
Result<UniqueFd> sealPicture(std::span<const std::uint8_t> bytes);

/// Reads a picture from a descriptor that an untrusted program sent. Refused (kInvalid): anything but a memfd sealed
/// against shrinking, growing, writing and unsealing, of exactly `bytes` bytes, that begins as a JPEG does.
Result<std::string> readSealedPicture(int fd, std::uint64_t bytes);

}  // namespace edge
