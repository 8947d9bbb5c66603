// SPDX-License-Identifier: MIT
#include "camera/daemon/stream_manager.hpp"

#include <utility>

#include "core/system/log.hpp"

namespace edge {

StreamManager::StreamManager(Loop& loop, Camera& camera, const CameraConfig& config, std::function<void()> stopped)
    : loop_(loop), camera_(camera), config_(config), stopped_(std::move(stopped)) {}

Result<Transform> StreamManager::ensure(int width, int height) {
    timer_.cancel();
    StreamRequest request{width, height, toTransform(config_.rotation, config_.flip)};
    if (request.transform.transpose) std::swap(request.width, request.height);
    if (current_ == request) return remaining_;

    current_.reset();
    auto started = camera_.start(request);
    if (!started) {
        camera_.stop();
        return started;
    }
    log::debug("the camera streams, {}x{} requested", request.width, request.height);
    current_ = request;
    remaining_ = *started;
    if (const auto info = camera_.probe()) model_ = info->model;
    return remaining_;
}

std::optional<std::pair<int, int>> StreamManager::size() const {
    if (!current_) return std::nullopt;
    const auto [width, height] = std::pair(current_->width, current_->height);
    return current_->transform.transpose ? std::pair(height, width) : std::pair(width, height);
}

void StreamManager::release() {
    if (!isStreaming() || config_.keepWarm == milliseconds::max()) return;
    const auto end = [this] {
        log::debug("the camera stops: no capture for {}", formatDuration(config_.keepWarm));
        stop();
        stopped_();
    };
    if (config_.keepWarm == milliseconds{0}) return end();
    timer_ = loop_.after(config_.keepWarm, end);
}

void StreamManager::stop() {
    timer_.cancel();
    current_.reset();
    camera_.stop();
}

}  // namespace edge
