// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "core/result.hpp"
#include "image/pixels/transform.hpp"

namespace edge {

// All that OpenCV does for us, with nothing of OpenCV in it. It is a module that is loaded when it is needed, because
// it takes as much memory as the rest of the camera program, and a picture that needs no change needs none of it.
// Errors: kInternal (OpenCV cannot be loaded, out of memory). Thread: any.

/// 8 bits a sample, one sample a pixel.
struct ConstPixels {
    const std::uint8_t* data = nullptr;
    int width = 0;
    int height = 0;
    std::size_t strideBytes = 0;
};

struct Pixels {
    std::uint8_t* data = nullptr;
    int width = 0;
    int height = 0;
    std::size_t strideBytes = 0;

    operator ConstPixels() const { return {data, width, height, strideBytes}; }
};

struct PixelOps {
    /// Averages where it shrinks, interpolates where it grows, copies where the size is the same. No overlap.
    Result<void> (*resize)(const ConstPixels& from, const Pixels& to);
    /// `to` has the size that `from` has after the transform. No overlap.
    Result<void> (*transform)(const ConstPixels& from, const Pixels& to, Transform transform);
    /// White letters with a black outline in the lower left corner. Their height is 1/28 of the picture's (at least 10
    /// pixels); a text that is too wide is drawn smaller, and cut below 8 pixels. `text` is printable ASCII. `planes`:
    /// luma, and for a picture in colour the two of 4:2:0's chroma.
    Result<void> (*label)(std::span<const Pixels> planes, const std::string& text);
    /// Blurs by some two pixels, so that noise is less. Both have one size. No overlap.
    Result<void> (*smooth)(const ConstPixels& from, const Pixels& to);
};

/// The one symbol of the module, a PixelOps.
inline constexpr const char* kPixelOpsModule = "libpi-edge-camera-opencv.so";
inline constexpr const char* kPixelOpsSymbol = "edgePixelOps";

/// Never null; valid for ever.
Result<const PixelOps*> loadPixelOps();

}  // namespace edge
