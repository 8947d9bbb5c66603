// SPDX-License-Identifier: MIT
#include "camera/daemon/stream_manager.hpp"

#include <algorithm>
#include <utility>

#include "core/system/log.hpp"

namespace edge {

Result<Transform> StreamManager::ensure(std::pair<int, int> size, const Controls& controls) {
    timer_.cancel();
    if (size_ == size && controls_ == controls) return remaining_;

    StreamRequest request{size.first, size.second, toTransform(config_.rotation, config_.flip), controls};
    if (request.transform.transpose) std::swap(request.width, request.height);
    size_.reset();
    controls_.clear();
    auto started = camera_.start(request);
    if (!started) {
        camera_.stop();
        return started;
    }
    log::debug("the camera streams, {}x{} requested", request.width, request.height);
    size_ = size;
    controls_ = controls;
    remaining_ = *started;
    startedAt_ = loop_.clock().now();
    isSettling_ = true;
    if (const auto info = camera_.probe()) model_ = info->model;
    return remaining_;
}

void StreamManager::release(milliseconds atLeast) {
    if (!isStreaming()) return;
    const milliseconds wait = std::max(config_.keepWarm, atLeast);
    if (wait == milliseconds::max()) {
        if (!controls_.empty()) (void)ensure(*size_);  // a camera that does not start is the next capture's error
        return;
    }
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
    controls_.clear();
    camera_.stop();
}

}  // namespace edge
