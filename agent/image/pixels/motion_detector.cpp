// SPDX-License-Identifier: MIT
#include "image/pixels/motion_detector.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "image/jpeg/jpeg.hpp"
#include "image/pixels/pixel_ops.hpp"
#include "image/pixels/planar.hpp"

namespace edge {
namespace {

/// As small as a person at the other end of a room allows, and smooth: noise is not motion.
constexpr int kWidth = 160;
/// How far the background moves with each frame: what stays for some twenty frames becomes part of it.
constexpr double kLearning = 0.05;

/// Green stands for brightness; it is the second byte of a pixel in every order there is.
void copyGreen(const FrameView& frame, std::vector<std::uint8_t>& luma) {
    const bool isFour = frame.format == PixelFormat::kXrgb8888 || frame.format == PixelFormat::kXbgr8888;
    const std::size_t step = isFour ? 4 : 3;
    const auto width = static_cast<std::size_t>(frame.width);
    luma.resize(width * static_cast<std::size_t>(frame.height));
    for (std::size_t row = 0; row < static_cast<std::size_t>(frame.height); ++row) {
        const std::uint8_t* from = frame.planes[0].data + row * frame.planes[0].strideBytes + 1;
        std::uint8_t* to = &luma[row * width];
        for (std::size_t x = 0; x < width; ++x) to[x] = from[x * step];
    }
}

/// A picture without padding.
Pixels packed(std::vector<std::uint8_t>& bytes, int width, int height) {
    return {bytes.data(), width, height, static_cast<std::size_t>(width)};
}

}  // namespace

struct MotionDetector::Impl {
    /// The frame's brightness, full size; valid until the next call, and while the frame is.
    Result<ConstPixels> lumaOf(const FrameView& frame) {
        if (frame.format == PixelFormat::kMjpeg) {
            image = TRY(decodeJpeg(std::span(frame.planes[0].data, frame.planes[0].bytes)));
            return lumaOf(image.view);
        }
        if (isRgb(frame.format)) {
            copyGreen(frame, green);
            return packed(green, frame.width, frame.height);
        }
        const bool isPacked = frame.format == PixelFormat::kYuyv || frame.format == PixelFormat::kUyvy;
        const Plane luma = isPacked ? toPlanar(frame, scratch).planes[0] : frame.planes[0];
        return ConstPixels{luma.data, frame.width, frame.height, luma.strideBytes};
    }

    /// Sets the sizes; a frame of another shape starts over.
    void shape(const FrameView& frame, Transform wanted) {
        if (frame.width == frameWidth && frame.height == frameHeight && wanted == transform) return;
        frameWidth = frame.width;
        frameHeight = frame.height;
        transform = wanted;
        const int width = std::min(kWidth, frame.width);
        const int height = std::max(1, width * frame.height / frame.width);
        const auto pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
        for (auto* plane : {&smallBytes, &seenBytes}) plane->assign(pixels, 0);
        small = packed(smallBytes, width, height);
        seen = transform.transpose ? packed(seenBytes, height, width) : packed(seenBytes, width, height);
        background.assign(pixels, 0);
        mask.assign(pixels, areas.empty() ? 255 : 0);
        isFresh = true;
        for (const MotionArea& area : areas) drawArea(area);
    }

    void drawArea(const MotionArea& area) {
        const int left = seen.width * area.left / 100;
        const int right = seen.width * (area.left + area.width) / 100;
        for (int y = seen.height * area.top / 100; y < seen.height * (area.top + area.height) / 100; ++y)
            std::fill_n(mask.begin() + std::ptrdiff_t{y} * seen.width + left, right - left, 255);
    }

    Result<double> changedShare(const FrameView& frame, Transform wanted) {
        TRY(checkFrame(frame));
        const ConstPixels luma = TRY(lumaOf(frame));
        shape(frame, wanted);
        const PixelOps* ops = TRY(loadPixelOps());
        TRY(ops->resize(luma, small));
        TRY(ops->transform(small, seen, transform));
        return ops->changed(seen, background, mask, std::exchange(isFresh, false) ? 1.0 : kLearning);
    }

    std::vector<MotionArea> areas;
    Transform transform;
    int frameWidth = 0;
    int frameHeight = 0;
    bool isFresh = true;  ///< there is no background yet
    Pixels small;
    Pixels seen;  ///< small, as people see it
    std::vector<std::uint8_t> smallBytes;
    std::vector<std::uint8_t> seenBytes;
    std::vector<std::uint8_t> mask;
    std::vector<float> background;
    std::vector<std::uint8_t> green;
    PlanarBuffer scratch;
    DecodedImage image;
};

MotionDetector::MotionDetector(std::vector<MotionArea> areas) : impl_(std::make_unique<Impl>()) {
    impl_->areas = std::move(areas);
}
MotionDetector::~MotionDetector() = default;

Result<double> MotionDetector::changedShare(const FrameView& frame, Transform transform) {
    return impl_->changedShare(frame, transform);
}

double MotionDetector::threshold(int sensitivity) {
    constexpr double kLeast = 0.1;
    constexpr double kDecades = 2;
    return kLeast * std::pow(10.0, -kDecades * (sensitivity - 1) / 99.0);
}

}  // namespace edge
