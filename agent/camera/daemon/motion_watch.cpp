// SPDX-License-Identifier: MIT
#include "camera/daemon/motion_watch.hpp"

#include <utility>

#include "config/load.hpp"
#include "core/system/log.hpp"

namespace edge {

MotionWatch::MotionWatch(Loop& loop, CapturePipeline& pipeline, std::shared_ptr<Executor> strand,
                         const CameraConfig& camera, std::function<void(bool)> changed)
    : loop_(loop),
      pipeline_(pipeline),
      strand_(std::move(strand)),
      detector_(std::make_shared<MotionDetector>(camera.motion.areas, masksAsSeen(camera))),
      config_(camera.motion),
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
    set(false);
}

void MotionWatch::look() {
    next_ = loop_.after(config_.interval, [this] { look(); });
    if (isComparing_) return;  // slower than the interval
    pipeline_.look([this](const Frame& frame, Transform remaining) { compare(frame, remaining); });
}

void MotionWatch::compare(const Frame& frame, Transform remaining) {
    const bool isNew = frame.view.width != width_ || frame.view.height != height_ || frame.sequence < sequence_;
    if (isNew) settledAt_ = loop_.clock().now() + kSettle;
    sequence_ = frame.sequence;
    width_ = frame.view.width;
    height_ = frame.view.height;
    isComparing_ = true;
    // The frame is moved from task to task, never copied: its lease must end on the loop.
    auto shared = std::make_shared<Frame>(frame);
    runOn(
        *strand_, loop_, scope_,
        [detector = detector_, shared = std::move(shared), remaining]() mutable {
            auto share = detector->changedShare(shared->view, remaining);
            return std::pair(std::move(shared), std::move(share));
        },
        [this](std::pair<std::shared_ptr<Frame>, Result<double>> compared) {
            isComparing_ = false;
            compared.first.reset();
            evaluate(compared.second);
        });
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
    if (std::exchange(isMoving_, isMoving) != isMoving) changed_(isMoving);
}

}  // namespace edge
