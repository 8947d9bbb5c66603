// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/result.hpp"
#include "image/jpeg/jpeg_layout.hpp"

namespace edge {

/// Follows the Huffman codes of a JPEG in one scan (JpegLayout::oneScan) from block to block, without decoding pixels,
/// and returns the layout's body without the bytes that belong to no block. Many webcams leave some before a restart
/// marker: the picture is whole, but TurboJPEG cannot tell that from damage. Errors, kFault: a block or a restart
/// marker is missing, or a code is in no table. What remains is for TurboJPEG to judge.
Result<std::vector<ByteRange>> followScan(std::span<const std::uint8_t> jpeg, const JpegLayout& layout);

}  // namespace edge
