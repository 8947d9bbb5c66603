// SPDX-License-Identifier: MIT
#include "image/pixels/motion_detector.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace edge {
namespace {

/// As small as a person at the other end of a room allows, and smooth: noise is not motion.
constexpr int kWidth = 160;
/// How far the background moves with each frame: what stays for some twenty frames becomes part of it.
constexpr double kLearning = 0.05;

/// A picture without padding.
Pixels packed(std::vector<std::uint8_t>& bytes, int width, int height) {
    return {bytes.data(), width, height, static_cast<std::size_t>(width)};
}

}  // namespace

MotionDetector::MotionDetector(std::vector<PictureArea> areas, std::vector<PictureArea> masks)
    : areas_(std::move(areas)), masks_(std::move(masks)) {}

Result<double> MotionDetector::changedShare(const FrameView& frame, Transform transform) {
    const auto [planes, upright] = TRY(reader_.read(frame, masks_, transform));
    shape(planes.width, planes.height, combine(upright, transform));
    const PixelOps* ops = TRY(loadPixelOps());
    TRY(ops->resize({planes.planes[0].data, planes.width, planes.height, planes.planes[0].strideBytes}, small_));
    TRY(ops->transform(small_, seen_, transform_));
    return ops->changed(seen_, background_, mask_, std::exchange(isFresh_, false) ? 1.0 : kLearning);
}

/// A frame of another shape starts over.
void MotionDetector::shape(int frameWidth, int frameHeight, Transform transform) {
    if (frameWidth == frameWidth_ && frameHeight == frameHeight_ && transform == transform_) return;
    frameWidth_ = frameWidth;
    frameHeight_ = frameHeight;
    transform_ = transform;
    const int width = std::min(kWidth, frameWidth);
    const int height = std::max(1, width * frameHeight / frameWidth);
    const auto pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    for (auto* plane : {&smallBytes_, &seenBytes_}) plane->assign(pixels, 0);
    small_ = packed(smallBytes_, width, height);
    seen_ = transform.transpose ? packed(seenBytes_, height, width) : packed(seenBytes_, width, height);
    background_.assign(pixels, 0);
    mask_.assign(pixels, areas_.empty() ? 255 : 0);
    isFresh_ = true;
    for (const PictureArea& area : areas_) {
        const int left = seen_.width * area.left / 100;
        const int right = seen_.width * (area.left + area.width) / 100;
        for (int y = seen_.height * area.top / 100; y < seen_.height * (area.top + area.height) / 100; ++y)
            std::fill_n(mask_.begin() + std::ptrdiff_t{y} * seen_.width + left, right - left, 255);
    }
}

double MotionDetector::threshold(int sensitivity) {
    constexpr double kLeast = 0.1;
    constexpr double kDecades = 2;
    return kLeast * std::pow(10.0, -kDecades * (sensitivity - 1) / 99.0);
}

}  // namespace edge
