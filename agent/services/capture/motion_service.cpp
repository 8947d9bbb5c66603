// SPDX-License-Identifier: MIT
#include "services/capture/motion_service.hpp"

#include <utility>

namespace edge {

MotionService::MotionService(const ServiceContext& context, PictureSource& source, TakePicture takePicture)
    : Service(context), source_(source), takePicture_(std::move(takePicture)) {
    source_.onMotion([this](bool isMoving, std::vector<Picture> before) {
        if (config_.camera.motion.enabled) change(isMoving, std::move(before));
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
    if (config_.camera.motion.enabled) publishState("camera/motion", isMoving_ ? "ON" : "OFF");
}

void MotionService::setCameraOnline(bool isOnline) {
    if (!isOnline) change(false, {});
}

void MotionService::change(bool isMoving, std::vector<Picture> before) {
    if (std::exchange(isMoving_, isMoving) == isMoving) return;
    recordEvent("motion", isMoving ? "began" : "ended");
    onConnected();
    if (isMoving) takePicture_(std::move(before));
}

}  // namespace edge
