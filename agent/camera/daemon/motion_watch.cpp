// SPDX-License-Identifier: MIT
#include "camera/daemon/motion_watch.hpp"

#include <algorithm>
#include <utility>

#include "config/load.hpp"
#include "core/system/log.hpp"

namespace edge {

MotionWatch::MotionWatch(Loop& loop, CapturePipeline& pipeline, std::shared_ptr<Executor> strand,
                         const CameraConfig& camera, std::function<void(bool, const Before&)> changed)
    : loop_(loop),
      pipeline_(pipeline),
      strand_(std::move(strand)),
      detector_(std::make_shared<MotionDetector>(camera.motion.areas, masksAsSeen(camera))),
      renderer_(std::make_shared<JpegRenderer>()),
      config_(camera.motion),
      masks_(masksAsSeen(camera)),
      threshold_(MotionDetector::threshold(config_.sensitivity)),
      changed_(std::move(changed)) {}

MotionWatch::~MotionWatch() {
    pipeline_.look({});
}

void MotionWatch::start() {
    if (std::exchange(isWatching_, true)) return;
    width_ = 0;
    look();
}

void MotionWatch::stop() {
    isWatching_ = false;
    next_.cancel();
    pipeline_.look({});
    before_.clear();
    set(false);
}

void MotionWatch::look() {
    next_ = loop_.after(config_.interval, [this] { look(); });
    if (isComparing_) return;  // slower than the interval
    pipeline_.look([this](const Frame& frame, Transform remaining) { compare(frame, remaining); });
}

void MotionWatch::compare(const Frame& frame, Transform remaining) {
    const bool isNew = frame.view.width != width_ || frame.view.height != height_ || frame.sequence < sequence_;
    if (isNew) {
        settledAt_ = loop_.clock().now() + kSettle;
        before_.clear();
    }
    sequence_ = frame.sequence;
    width_ = frame.view.width;
    height_ = frame.view.height;
    isComparing_ = true;
    // The frame is moved from task to task, never copied: its lease must end on the loop.
    struct Work {
        std::shared_ptr<Frame> frame;
        Result<double> share = 0.0;
        std::optional<Result<RenderedJpeg>> picture;
    };
    auto shared = std::make_shared<Frame>(frame);
    const WallTime exposureStart =
        loop_.clock().wallNow() - std::chrono::duration_cast<WallTime::duration>(bootTimeNow() - frame.exposureStart);
    runOn(
        *strand_, loop_, scope_,
        [detector = detector_, renderer = renderer_, shared = std::move(shared), remaining,
         options = config_.before > 0 ? std::optional(optionsFor(frame, remaining)) : std::nullopt]() mutable {
            Work work;
            work.share = detector->changedShare(shared->view, remaining);
            if (options) work.picture = renderer->render(shared->view, *options);
            work.frame = std::move(shared);
            return work;
        },
        [this, exposureStart](Work work) {
            isComparing_ = false;
            work.frame.reset();
            evaluate(work.share);
            if (work.picture) keep(std::move(*work.picture), exposureStart);
        });
}

RenderOptions MotionWatch::optionsFor(const Frame& frame, Transform remaining) const {
    constexpr int kQuality = 70;
    constexpr std::size_t kMaxBytes = std::size_t{64} << 10;
    const auto [width, height] = remaining.transpose ? std::pair(frame.view.height, frame.view.width)
                                                     : std::pair(frame.view.width, frame.view.height);
    RenderOptions options;
    options.width = std::max(2, std::min(kBeforeWidth, width) / 2 * 2);
    options.height = std::max(2, options.width * height / std::max(1, width) / 2 * 2);
    options.transform = remaining;
    options.quality = kQuality;
    options.maxBytes = kMaxBytes;
    options.masks = masks_;
    return options;
}

void MotionWatch::keep(Result<RenderedJpeg> picture, WallTime exposureStart) {
    if (!picture || !isWatching_) return;  // a damaged frame is no picture
    before_.push_back({std::move(*picture), exposureStart, "", true});
    while (std::ssize(before_) > config_.before) before_.pop_front();
}

void MotionWatch::evaluate(const Result<double>& share) {
    if (!share) {
        // A damaged frame now and then is nothing to act on.
        const int limit = share.error().code == Errc::kFault ? kMaxDamagedFrames : 1;
        if (++failures_ >= limit && !std::exchange(isErrorLogged_, true))
            log::warning("motion cannot be detected: {}", share.error().message);
        return;
    }
    failures_ = 0;
    isErrorLogged_ = false;
    log::debug("motion: {:.2f} % changed, {:.2f} % are motion", *share * 100, threshold_ * 100);
    if (!isWatching_ || loop_.clock().now() < settledAt_ || *share < threshold_) return;
    coolDown_ = loop_.after(config_.coolDown, [this] { set(false); });
    set(true);
}

void MotionWatch::set(bool isMoving) {
    if (!isMoving) coolDown_.cancel();
    if (std::exchange(isMoving_, isMoving) != isMoving) changed_(isMoving, before_);
}

}  // namespace edge
