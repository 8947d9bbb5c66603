// SPDX-License-Identifier: MIT
#include "image/frame.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace edge {
namespace {

/// What a plane must hold: `bytes` for every `across` columns of the picture, and a row for every `down` rows.
struct PlaneShape {
    std::size_t bytes = 0;  ///< 0: there is no such plane
    std::size_t across = 1;
    std::size_t down = 1;
};

/// In the order of PixelFormat.
constexpr std::array<std::array<PlaneShape, 3>, 11> kShapes{{
    {{{1}, {1, 2, 2}, {1, 2, 2}}},  // kYuv420
    {{{1}, {2, 2, 2}}},             // kNv12
    {{{1}, {2, 2, 2}}},             // kNv21
    {{{4, 2}}},                     // kYuyv
    {{{4, 2}}},                     // kUyvy
    {{{3}}},                        // kRgb888
    {{{3}}},                        // kBgr888
    {{{4}}},                        // kXrgb8888
    {{{4}}},                        // kXbgr8888
    {{{1}}},                        // kGrey8
    {},                             // kMjpeg
}};

std::size_t pieces(int pixels, std::size_t step) {
    return (static_cast<std::size_t>(pixels) + step - 1) / step;
}

}  // namespace

bool isImageSizeAllowed(int width, int height) {
    const auto [shortSide, longSide] = std::minmax(width, height);
    return shortSide >= 1 && shortSide <= kMaxImageShortSide && longSide <= kMaxImageLongSide;
}

bool isRgb(PixelFormat format) {
    return format >= PixelFormat::kRgb888 && format <= PixelFormat::kXbgr8888;
}

Result<void> checkFrame(const FrameView& frame) {
    if (frame.format == PixelFormat::kMjpeg) {
        if (frame.planes[0].data != nullptr && frame.planes[0].bytes > 0) return {};
        return fail(Errc::kFault, "the camera's JPEG frame is empty");
    }
    if (!isImageSizeAllowed(frame.width, frame.height)) {
        return fail(Errc::kFault, fmt::format("a frame of {}x{} pixels is outside 1x1 … {}x{}", frame.width,
                                              frame.height, kMaxImageLongSide, kMaxImageShortSide));
    }
    for (std::size_t i = 0; i < frame.planes.size(); ++i) {
        const Plane& plane = frame.planes[i];
        const PlaneShape& shape = kShapes.at(static_cast<std::size_t>(frame.format))[i];
        if (shape.bytes == 0) break;
        const std::size_t rowBytes = pieces(frame.width, shape.across) * shape.bytes;
        const std::size_t rows = pieces(frame.height, shape.down);
        // Far above any real stride, far below what would overflow when multiplied by the rows.
        constexpr std::size_t kMaxStride = std::size_t{1} << 20;
        const std::size_t needBytes = plane.strideBytes * (rows - 1) + rowBytes;
        if (plane.data == nullptr || plane.strideBytes < rowBytes || plane.strideBytes > kMaxStride ||
            plane.bytes < needBytes) {
            return fail(Errc::kFault, fmt::format("plane {} of the frame has {} bytes at a stride of {}; {}x{} pixels "
                                                  "need {} rows of {} bytes",
                                                  i, plane.data == nullptr ? 0 : plane.bytes, plane.strideBytes,
                                                  frame.width, frame.height, rows, rowBytes));
        }
    }
    return {};
}

}  // namespace edge
