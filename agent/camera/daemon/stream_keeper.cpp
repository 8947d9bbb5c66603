// SPDX-License-Identifier: MIT
#include "camera/daemon/stream_keeper.hpp"

#include <utility>

#include "core/system/log.hpp"

namespace edge {

StreamKeeper::StreamKeeper(Loop& loop, Camera& camera, const CameraConfig& config, std::function<void()> stopped)
    : loop_(loop), camera_(camera), config_(config), stopped_(std::move(stopped)) {}

Result<Orientation> StreamKeeper::ensure(int width, int height) {
    timer_.cancel();
    StreamWish wish{width, height, {config_.rotation, config_.flip}};
    if (isQuarterTurn(config_.rotation)) std::swap(wish.width, wish.height);
    if (current_ == wish) return remaining_;

    current_.reset();
    auto started = camera_.start(wish);
    if (!started) {
        camera_.stop();
        return started;
    }
    log::debug("the camera streams, {}x{} wanted", wish.width, wish.height);
    current_ = wish;
    remaining_ = *started;
    if (const auto info = camera_.probe()) model_ = info->model;
    return remaining_;
}

std::optional<std::pair<int, int>> StreamKeeper::size() const {
    if (!current_) return std::nullopt;
    const auto [width, height] = std::pair(current_->width, current_->height);
    return isQuarterTurn(config_.rotation) ? std::pair(height, width) : std::pair(width, height);
}

void StreamKeeper::release() {
    if (!isStreaming() || config_.keepWarm == milliseconds::max()) return;
    const auto end = [this] {
        log::debug("the camera stops: no capture for {}", formatDuration(config_.keepWarm));
        stop();
        stopped_();
    };
    if (config_.keepWarm == milliseconds{0}) return end();
    timer_ = loop_.after(config_.keepWarm, end);
}

void StreamKeeper::stop() {
    timer_.cancel();
    current_.reset();
    camera_.stop();
}

}  // namespace edge
