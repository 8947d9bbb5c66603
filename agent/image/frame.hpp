// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/result.hpp"

namespace edge {

/// How the bytes of a frame lie in memory. Names as in libcamera and DRM: kRgb888 is B, G, R in memory order.
enum class PixelFormat {
    kYuv420,    ///< planes Y, U, V; chroma halved both ways
    kNv12,      ///< planes Y, interleaved U V
    kNv21,      ///< planes Y, interleaved V U
    kYuyv,      ///< one plane Y0 U Y1 V
    kUyvy,      ///< one plane U Y0 V Y1
    kRgb888,    ///< one plane, bytes B, G, R
    kBgr888,    ///< one plane, bytes R, G, B
    kXrgb8888,  ///< one plane, bytes B, G, R, X
    kXbgr8888,  ///< one plane, bytes R, G, B, X
    kGrey8,     ///< one plane Y
    kMjpeg,     ///< one plane: a whole JPEG of planes[0].bytes bytes (Huffman tables may be missing, as in AVI)
};

/// BT.601 matrix in both cases; kFull is what JPEG means (Sycc), kLimited is 16…235 / 16…240 (video).
enum class ColorRange { kFull, kLimited };

struct Plane {
    const std::uint8_t* data = nullptr;
    std::size_t bytes = 0;        ///< how many may be read
    std::size_t strideBytes = 0;  ///< from one row to the next
};

/// A picture in memory that belongs to another owner; valid only for as long as that owner says.
struct FrameView {
    PixelFormat format = PixelFormat::kYuv420;
    ColorRange range = ColorRange::kFull;
    int width = 0;   ///< pixels
    int height = 0;  ///< pixels
    std::array<Plane, 3> planes;
};

/// The largest picture handled, upright or lying.
inline constexpr int kMaxImageLongSide = 9152;
inline constexpr int kMaxImageShortSide = 6944;

/// Whether a picture of this size is handled at all: from 1 x 1 to the largest.
[[nodiscard]] bool isImageSizeAllowed(int width, int height);

[[nodiscard]] bool isRgb(PixelFormat format);

/// Checks that the planes hold every byte that format and size promise. Error: kFault. A kMjpeg frame's width and
/// height are not looked at (the JPEG has its own).
[[nodiscard]] Result<void> checkFrame(const FrameView& frame);

}  // namespace edge
