// SPDX-License-Identifier: MIT
#include "camera/daemon/stream_manager.hpp"

#include <algorithm>
#include <utility>

#include "core/system/log.hpp"

namespace edge {

Result<Transform> StreamManager::ensure(std::pair<int, int> size) {
    timer_.cancel();
    if (size_ == size) return remaining_;

    StreamRequest request{size.first, size.second, toTransform(config_.rotation, config_.flip)};
    if (request.transform.transpose) std::swap(request.width, request.height);
    size_.reset();
    auto started = camera_.start(request);
    if (!started) {
        camera_.stop();
        return started;
    }
    log::debug("the camera streams, {}x{} requested", request.width, request.height);
    size_ = size;
    remaining_ = *started;
    startedAt_ = loop_.clock().now();
    isSettling_ = true;
    if (const auto info = camera_.probe()) model_ = info->model;
    return remaining_;
}

void StreamManager::release(milliseconds atLeast) {
    const milliseconds wait = std::max(config_.keepWarm, atLeast);
    if (!isStreaming() || wait == milliseconds::max()) return;
    const auto end = [this, wait] {
        log::debug("the camera stops: no capture for {}", formatDuration(wait));
        stop();
    };
    if (wait == milliseconds{0}) return end();
    timer_ = loop_.after(wait, end);
}

void StreamManager::stop() {
    timer_.cancel();
    size_.reset();
    camera_.stop();
}

}  // namespace edge
