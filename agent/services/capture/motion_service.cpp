// SPDX-License-Identifier: MIT
#include "services/capture/motion_service.hpp"

#include <utility>

namespace edge {

MotionService::MotionService(Loop& loop, PictureSource& source, Publisher& publisher, Journal& journal,
                             const Config& config, Task takePicture)
    : loop_(loop),
      source_(source),
      publisher_(publisher),
      journal_(journal),
      config_(config),
      takePicture_(std::move(takePicture)) {
    source_.onMotion([this](bool isMoving) {
        if (config_.camera.motion.enabled) change(isMoving);
    });
}

MotionService::~MotionService() {
    source_.onMotion({});
}

void MotionService::onReload(const Config& before) {
    const bool isEnabled = config_.camera.motion.enabled;
    if (isEnabled == before.camera.motion.enabled) return;
    if (isEnabled) {
        onConnected();
    } else {
        isMoving_ = false;
    }
}

void MotionService::onConnected() {
    if (!config_.camera.motion.enabled || config_.topics.base.empty()) return;
    Publication state;
    state.topic = config_.topics.base + "/camera/motion";
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
