// SPDX-License-Identifier: MIT
#include "image/pixels/motion_detector.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>

#include "image/frame_check.hpp"
#include "image/jpeg/jpeg.hpp"
#include "image/pixels/pixel_ops.hpp"
#include "image/pixels/planar.hpp"
#include "image/pixels/to_planar.hpp"

namespace edge {
namespace {

/// As small as a person at the other end of a room allows, and smooth: a grain of noise is no motion.
constexpr int kWidth = 160;
/// Of the background, with each frame: what stays for some twenty looks belongs to it.
constexpr double kLearning = 0.05;

bool isRgb(PixelFormat format) {
    return format == PixelFormat::kRgb888 || format == PixelFormat::kBgr888 || format == PixelFormat::kXrgb8888 ||
           format == PixelFormat::kXbgr8888;
}

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

}  // namespace

struct MotionDetector::Impl {
    /// The frame's brightness, full size; valid until the next call, and while the frame is.
    Result<ConstPixels> lumaOf(const FrameView& frame) {
        if (frame.format == PixelFormat::kMjpeg) {
            auto decoded = decodeJpeg(std::span(frame.planes[0].data, frame.planes[0].bytes));
            if (!decoded) return tl::unexpected(decoded.error());
            image = std::move(*decoded);
            return lumaOf(image.view);
        }
        if (isRgb(frame.format)) {
            copyGreen(frame, green);
            return ConstPixels{green.data(), frame.width, frame.height, static_cast<std::size_t>(frame.width)};
        }
        if (frame.format == PixelFormat::kYuyv || frame.format == PixelFormat::kUyvy) {
            const PlanarView view = toPlanar(frame, scratch);
            return ConstPixels{view.planes[0].data, view.width, view.height, view.planes[0].strideBytes};
        }
        return ConstPixels{frame.planes[0].data, frame.width, frame.height, frame.planes[0].strideBytes};
    }

    /// Sets the sizes; a frame of another shape begins anew.
    void shape(const FrameView& frame, Transform wanted) {
        if (frame.width == frameWidth && frame.height == frameHeight && wanted == transform) return;
        frameWidth = frame.width;
        frameHeight = frame.height;
        transform = wanted;
        width = std::min(kWidth, frame.width);
        height = std::max(1, width * frame.height / frame.width);
        const auto pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
        small.assign(pixels, 0);
        turned.assign(pixels, 0);
        background.assign(pixels, 0);
        mask.assign(pixels, areas.empty() ? 255 : 0);
        isFresh = true;
        for (const MotionArea& area : areas) drawArea(area);
    }

    [[nodiscard]] int turnedWidth() const { return transform.transpose ? height : width; }
    [[nodiscard]] int turnedHeight() const { return transform.transpose ? width : height; }

    void drawArea(const MotionArea& area) {
        const auto part = [](int whole, int perCent) { return static_cast<std::size_t>(whole * perCent / 100); };
        for (std::size_t y = part(turnedHeight(), area.top); y < part(turnedHeight(), area.top + area.height); ++y) {
            const std::size_t row = y * static_cast<std::size_t>(turnedWidth());
            std::fill(mask.begin() + static_cast<std::ptrdiff_t>(row + part(turnedWidth(), area.left)),
                      mask.begin() + static_cast<std::ptrdiff_t>(row + part(turnedWidth(), area.left + area.width)),
                      255);
        }
    }

    std::vector<MotionArea> areas;
    Transform transform;
    int frameWidth = 0;
    int frameHeight = 0;
    int width = 0;
    int height = 0;
    bool isFresh = true;
    std::vector<std::uint8_t> green;
    std::vector<std::uint8_t> small;
    std::vector<std::uint8_t> turned;
    std::vector<std::uint8_t> mask;
    std::vector<float> background;
    PlanarBuffer scratch;
    DecodedImage image;
};

MotionDetector::MotionDetector(std::vector<MotionArea> areas) : impl_(std::make_unique<Impl>()) {
    impl_->areas = std::move(areas);
}
MotionDetector::~MotionDetector() = default;

Result<double> MotionDetector::changedShare(const FrameView& frame, Transform transform) {
    if (auto checked = checkFrame(frame); !checked) return tl::unexpected(checked.error());
    const auto luma = impl_->lumaOf(frame);
    if (!luma) return tl::unexpected(luma.error());
    impl_->shape(frame, transform);
    const Pixels small{impl_->small.data(), impl_->width, impl_->height, static_cast<std::size_t>(impl_->width)};
    if (auto resized = resizePixels(*luma, small); !resized) return tl::unexpected(resized.error());
    const auto stride = static_cast<std::size_t>(impl_->turnedWidth());
    const Pixels turned{impl_->turned.data(), impl_->turnedWidth(), impl_->turnedHeight(), stride};
    const ConstPixels seen{small.data, small.width, small.height, small.strideBytes};
    if (auto done = transformPixels(seen, turned, transform); !done) return tl::unexpected(done.error());
    const ConstPixels now{turned.data, turned.width, turned.height, turned.strideBytes};
    const bool isFresh = std::exchange(impl_->isFresh, false);
    return changedPixels(now, impl_->background, impl_->mask, isFresh ? 1.0 : kLearning);
}

double MotionDetector::threshold(int sensitivity) {
    constexpr double kLeast = 0.1;
    constexpr double kDecades = 2;
    return kLeast * std::pow(10.0, -kDecades * (sensitivity - 1) / 99.0);
}

}  // namespace edge
