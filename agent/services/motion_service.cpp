// SPDX-License-Identifier: MIT
#include "services/motion_service.hpp"

#include <utility>

namespace edge {

MotionService::MotionService(Loop& loop, PictureSource& source, Publisher& publisher, Journal& journal,
                             const Config& config, Task takePicture)
    : loop_(loop),
      source_(source),
      publisher_(publisher),
      journal_(journal),
      isEnabled_(config.camera.motion.enabled),
      base_(config.topics.base),
      takePicture_(std::move(takePicture)) {
    if (isEnabled_) source_.onMotion([this](bool isMoving) { change(isMoving); });
}

MotionService::~MotionService() {
    source_.onMotion({});
}

void MotionService::onConnected() {
    if (!isEnabled_ || base_.empty()) return;
    Publication state;
    state.topic = base_ + "/camera/motion";
    state.payload = isMoving_ ? "ON" : "OFF";
    state.retain = Retain::kYes;
    publisher_.publish(std::move(state), Priority::kReply, {});
}

void MotionService::setCameraOnline(bool isOnline) {
    if (!isOnline) change(false);
}

void MotionService::change(bool isMoving) {
    if (std::exchange(isMoving_, isMoving) == isMoving) return;
    journal_.record(EventRecord{loop_.clock().wallNow(), "motion", isMoving ? "began" : "ended"});
    onConnected();
    if (isMoving) takePicture_();
}

}  // namespace edge
