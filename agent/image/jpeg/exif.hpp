// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "image/jpeg/jpeg.hpp"
#include "image/jpeg/jpeg_layout.hpp"

namespace edge {

/// A whole APP1 segment (marker, length, "Exif", TIFF block) for a picture of this size. Texts are cut after 200 bytes;
/// numbers that EXIF cannot hold are left out. The time is written as UTC, with its offset "+00:00".
std::vector<std::uint8_t> makeExifSegment(const ExifInfo& info, int width, int height);

/// EXIF's orientation, 1 … 8: of the first EXIF segment among the JPEG's headers; 1 where none says it.
[[nodiscard]] int readOrientation(std::span<const std::uint8_t> jpeg, const JpegLayout& layout);

}  // namespace edge
