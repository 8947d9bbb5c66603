// SPDX-License-Identifier: MIT
#include "camera/daemon/motion_watch.hpp"

#include <utility>

#include "core/system/log.hpp"
#include "image/pixels/motion_detector.hpp"

namespace edge {

/// Used on the strand alone.
struct MotionWatch::Worker {
    explicit Worker(const std::vector<MotionArea>& areas) : detector(areas) {}
    MotionDetector detector;
};

MotionWatch::MotionWatch(Loop& loop, CapturePipeline& pipeline, std::shared_ptr<Executor> strand,
                         const MotionConfig& config, std::function<void(bool)> changed)
    : loop_(loop),
      pipeline_(pipeline),
      strand_(std::move(strand)),
      worker_(std::make_shared<Worker>(config.areas)),
      config_(config),
      threshold_(MotionDetector::threshold(config.sensitivity)),
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
    if (isComparing_) return;  // slower than the interval: the next turn
    pipeline_.look([this](const Frame& frame, Orientation remaining) { compare(frame, remaining); });
}

void MotionWatch::compare(const Frame& frame, Orientation remaining) {
    const bool isNew = frame.view.width != width_ || frame.view.height != height_ || frame.sequence < sequence_;
    if (isNew) settledAt_ = loop_.clock().now() + kSettle;
    sequence_ = frame.sequence;
    width_ = frame.view.width;
    height_ = frame.view.height;
    isComparing_ = true;
    struct Job {
        Frame frame;
        Transform transform;
        Result<double> share = 0.0;
    };
    auto job = std::make_shared<Job>(Job{frame, toTransform(remaining.rotation, remaining.flip)});
    strand_->post(
        [this, &loop = loop_, worker = worker_, job = std::move(job), alive = std::weak_ptr(alive_)]() mutable {
            job->share = worker->detector.changedShare(job->frame.view, job->transform);
            // Moved, not copied: the frame's lease must end on the loop.
            loop.post([this, job = std::move(job), alive = std::move(alive)] {
                if (alive.expired()) return;
                isComparing_ = false;
                job->frame = {};
                judge(job->share);
            });
        });
}

void MotionWatch::judge(const Result<double>& share) {
    if (!share) {
        // A damaged frame now and then is nothing to act on.
        const int limit = share.error().code == Errc::kFault ? kMaxDamagedFrames : 1;
        if (++failures_ >= limit && !std::exchange(hasComplained_, true))
            log::warning("motion cannot be detected: {}", share.error().message);
        return;
    }
    failures_ = 0;
    hasComplained_ = false;
    log::debug("motion: {:.2f} % changed, {:.2f} % are motion", *share * 100, threshold_ * 100);
    if (!isWatching_ || loop_.clock().now() < settledAt_ || *share < threshold_) return;
    calm_ = loop_.after(config_.coolDown, [this] { set(false); });
    set(true);
}

void MotionWatch::set(bool isMoving) {
    if (!isMoving) calm_.cancel();
    if (std::exchange(isMoving_, isMoving) != isMoving) changed_(isMoving);
}

}  // namespace edge
