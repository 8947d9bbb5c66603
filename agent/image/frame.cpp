// SPDX-License-Identifier: MIT
#include "image/frame.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace edge {
namespace {

struct PlaneNeed {
    std::size_t rowBytes = 0;
    std::size_t rows = 0;
};

/// What each plane must hold; rows of 0 end the list.
std::array<PlaneNeed, 3> needs(const FrameView& frame) {
    const auto width = static_cast<std::size_t>(frame.width);
    const auto height = static_cast<std::size_t>(frame.height);
    const std::size_t halfWidth = (width + 1) / 2;
    const std::size_t halfHeight = (height + 1) / 2;
    switch (frame.format) {
        case PixelFormat::kYuv420:
            return {{{width, height}, {halfWidth, halfHeight}, {halfWidth, halfHeight}}};
        case PixelFormat::kNv12:
        case PixelFormat::kNv21:
            return {{{width, height}, {halfWidth * 2, halfHeight}, {}}};
        case PixelFormat::kYuyv:
        case PixelFormat::kUyvy:
            return {{{halfWidth * 4, height}, {}, {}}};
        case PixelFormat::kRgb888:
        case PixelFormat::kBgr888:
            return {{{width * 3, height}, {}, {}}};
        case PixelFormat::kXrgb8888:
        case PixelFormat::kXbgr8888:
            return {{{width * 4, height}, {}, {}}};
        case PixelFormat::kGrey8:
            return {{{width, height}, {}, {}}};
        case PixelFormat::kMjpeg:
            break;
    }
    return {};
}

}  // namespace

bool isImageSizeAllowed(int width, int height) {
    const auto [shortSide, longSide] = std::minmax(width, height);
    return shortSide >= 1 && shortSide <= kMaxImageShortSide && longSide <= kMaxImageLongSide;
}

bool isRgb(PixelFormat format) {
    return format == PixelFormat::kRgb888 || format == PixelFormat::kBgr888 || format == PixelFormat::kXrgb8888 ||
           format == PixelFormat::kXbgr8888;
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
    const auto needed = needs(frame);
    for (std::size_t i = 0; i < needed.size() && needed[i].rows > 0; ++i) {
        const Plane& plane = frame.planes[i];
        const auto& [rowBytes, rows] = needed[i];
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
