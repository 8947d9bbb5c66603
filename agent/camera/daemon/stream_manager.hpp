// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "camera/camera.hpp"
#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "core/system/log.hpp"

namespace edge {

/// Decides when the camera streams, and at what size: from the first capture until camera.keep_warm after the last.
/// Thread: the loop's.
class StreamManager {
  public:
    StreamManager(Loop& loop, Camera& camera, const CameraConfig& config)
        : loop_(loop), camera_(camera), config_(config) {}

    /// Streams so that pictures of this size (as the viewer sees them) can be made, with controls of their own; starts
    /// again only where it must. After an error the camera does not stream.
    Result<void> ensure(std::pair<int, int> size, const Controls& controls = {}) {
        timer_.cancel();
        if (size_ == size && controls_ == controls) return {};

        StreamRequest request{size.first, size.second, toTransform(config_.rotation, config_.flip), controls};
        if (request.transform.transpose) std::swap(request.width, request.height);
        size_.reset();
        controls_.clear();
        const auto started = camera_.start(request);
        if (!started) {
            camera_.stop();
            return tl::unexpected(started.error());
        }
        log::debug("the camera streams, {}x{} requested", request.width, request.height);
        size_ = size;
        controls_ = controls;
        remaining_ = *started;
        startedAt_ = loop_.clock().now();
        isSettling_ = true;
        if (const auto info = camera_.probe()) model_ = info->model;
        return {};
    }
    /// The last capture is over: stops when no other comes for camera.keep_warm, or for `atLeast`.
    void release(milliseconds atLeast) {
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
    /// Stops now: the camera is silent, or gone.
    void stop() {
        timer_.cancel();
        size_.reset();
        controls_.clear();
        camera_.stop();
    }
    [[nodiscard]] bool isStreaming() const { return size_.has_value(); }
    /// The camera was just started and adjusts itself: until a frame has ended that, at most for camera.settle_limit.
    [[nodiscard]] bool isSettling() const {
        return isSettling_ && loop_.clock().now() < startedAt_ + config_.settleLimit;
    }
    void frameSeen(Adjustment adjustment) { isSettling_ = isSettling_ && adjustment == Adjustment::kSearching; }
    /// The size that is streamed, as the viewer sees it; nullopt while it is not.
    [[nodiscard]] std::optional<std::pair<int, int>> size() const { return size_; }
    /// The transform that the stream leaves for the image work.
    [[nodiscard]] Transform remaining() const { return remaining_; }
    /// The stream's own, which no other picture may have.
    [[nodiscard]] const Controls& controls() const { return controls_; }
    /// Of the camera that streams, or streamed last.
    [[nodiscard]] const std::string& model() const { return model_; }

  private:
    Loop& loop_;
    Camera& camera_;
    const CameraConfig config_;
    std::optional<std::pair<int, int>> size_;
    Controls controls_;
    Transform remaining_;
    std::string model_;
    SteadyTime startedAt_{};
    bool isSettling_ = false;
    Timer timer_;
};

}  // namespace edge
