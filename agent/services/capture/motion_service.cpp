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
    if (config_.camera.motion.enabled == before.camera.motion.enabled) return;
    isMoving_ = false;
    onConnected();
}

void MotionService::onConnected() {
    if (!config_.camera.motion.enabled || config_.topics.base.empty()) return;
    publisher_.publish(
        {.topic = config_.topics.base + "/camera/motion", .payload = isMoving_ ? "ON" : "OFF", .retain = Retain::kYes},
        Priority::kReply, {});
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
