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
constexpr float kLearning = 0.05F;
/// Of 255 steps of brightness: above the noise of a small sensor at night, once it is smoothed.
constexpr float kStep = 18;
/// A lamp does not light everything alike, and cameras do not show twice the light as twice the brightness: a pixel may
/// be off by this share of what the change of the light explains, until the background has learnt it.
constexpr float kUneven = 0.2F;
constexpr float kDark = 16;      ///< below, the ratio of two pixels says nothing
constexpr float kCut = 250;      ///< above, a pixel may be brighter than it can show
constexpr float kMaxGain = 8;    ///< of one frame to the next
constexpr float kMaxSlack = 32;  ///< steps
/// When so much of the picture becomes brighter, or darker, without a common gain (a lamp in a dark room, of which
/// nothing was seen before), it is the light.
constexpr double kWholeScene = 0.6;
constexpr double kOneDirection = 0.9;

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
    TRY(ops->smooth(seen_, smooth_));
    if (!std::exchange(isFresh_, false)) return compare();
    startOver();
    return 0.0;
}

/// The median of the pixels' ratios to the background: an object does not change it. 1 where too little is to be seen.
float MotionDetector::gainOfLight() {
    constexpr std::size_t kLeast = 10;  // one in ten
    ratios_.clear();
    for (std::size_t i = 0; i < background_.size(); ++i) {
        const float now = smoothBytes_[i];
        if (roles_[i] != Role::kHidden && background_[i] >= kDark && background_[i] < kCut && now < kCut)
            ratios_.push_back(now / background_[i]);
    }
    if (ratios_.size() < background_.size() / kLeast) return 1;
    const auto middle = ratios_.begin() + static_cast<std::ptrdiff_t>(ratios_.size() / 2);
    std::nth_element(ratios_.begin(), middle, ratios_.end());
    return std::clamp(*middle, 1 / kMaxGain, kMaxGain);
}

double MotionDetector::compare() {
    const float gain = gainOfLight();
    std::size_t seen = 0;
    std::size_t counted = 0;
    std::size_t changedSeen = 0;
    std::size_t changedCounted = 0;
    std::size_t brighter = 0;
    for (std::size_t i = 0; i < background_.size(); ++i) {
        if (roles_[i] == Role::kHidden) continue;
        const float now = smoothBytes_[i];
        const float expected = background_[i] * gain;
        const float shown = std::min(expected, 255.0F);
        const float byLight = std::abs(shown - std::min(background_[i], 255.0F));
        slack_[i] = std::min((1 - kLearning) * slack_[i] * gain + kUneven * byLight, kMaxSlack);
        const bool isChanged = std::abs(now - shown) > kStep + slack_[i];
        const bool isCounted = roles_[i] == Role::kCounted;
        ++seen;
        counted += isCounted ? 1 : 0;
        changedSeen += isChanged ? 1 : 0;
        changedCounted += isChanged && isCounted ? 1 : 0;
        brighter += isChanged && now > shown ? 1 : 0;
        const bool isCut = expected >= kCut && now >= kCut;
        background_[i] = isCut ? expected : expected + kLearning * (now - expected);
    }
    const auto share = [](std::size_t part, std::size_t all) {
        return static_cast<double>(part) / static_cast<double>(std::max<std::size_t>(all, 1));
    };
    const double direction = share(std::max(brighter, changedSeen - brighter), changedSeen);
    if (share(changedSeen, seen) < kWholeScene || direction < kOneDirection) return share(changedCounted, counted);
    startOver();
    return 0;
}

void MotionDetector::startOver() {
    background_.assign(smoothBytes_.begin(), smoothBytes_.end());
    slack_.assign(background_.size(), 0);
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
    for (auto* plane : {&smallBytes_, &seenBytes_, &smoothBytes_}) plane->assign(pixels, 0);
    small_ = packed(smallBytes_, width, height);
    seen_ = transform.transpose ? packed(seenBytes_, height, width) : packed(seenBytes_, width, height);
    smooth_ = packed(smoothBytes_, seen_.width, seen_.height);
    roles_.assign(pixels, areas_.empty() ? Role::kCounted : Role::kSeen);
    isFresh_ = true;
    for (const PictureArea& area : areas_) fill(area, Role::kCounted);
    for (const PictureArea& area : masks_) fill(area, Role::kHidden);
}

void MotionDetector::fill(const PictureArea& area, Role role) {
    const int left = seen_.width * area.left / 100;
    const int right = seen_.width * (area.left + area.width) / 100;
    for (int y = seen_.height * area.top / 100; y < seen_.height * (area.top + area.height) / 100; ++y)
        std::fill_n(roles_.begin() + std::ptrdiff_t{y} * seen_.width + left, right - left, role);
}

double MotionDetector::threshold(int sensitivity) {
    constexpr double kLeast = 0.1;
    constexpr double kDecades = 2;
    return kLeast * std::pow(10.0, -kDecades * (sensitivity - 1) / 99.0);
}

}  // namespace edge
