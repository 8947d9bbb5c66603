// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "camera/camera.hpp"
#include "config/config.hpp"
#include "core/loop/loop.hpp"

namespace edge {

/// Decides when the camera streams, and at what size: from the first capture until camera.keep_warm after the last.
/// Thread: the loop's.
class StreamKeeper {
  public:
    /// `stopped` is called whenever streaming has ended for lack of captures.
    StreamKeeper(Loop& loop, Camera& camera, const CameraConfig& config, std::function<void()> stopped);

    /// Streams so that pictures of this size (as the viewer sees them) can be made; starts again only where it must.
    /// The answer: what is left to be turned. After an error the camera does not stream.
    Result<Orientation> ensure(int width, int height);
    /// The last capture is over: stop when nothing else comes for camera.keep_warm.
    void release();
    /// Stop now: the camera is silent, or gone.
    void stop();
    [[nodiscard]] bool isStreaming() const { return current_.has_value(); }
    /// The size that is streamed, as the viewer sees it; nullopt while it is not.
    [[nodiscard]] std::optional<std::pair<int, int>> size() const;
    /// Of the camera that streams, or streamed last.
    [[nodiscard]] const std::string& model() const { return model_; }

  private:
    Loop& loop_;
    Camera& camera_;
    const CameraConfig config_;
    std::function<void()> stopped_;
    std::optional<StreamWish> current_;
    Orientation remaining_;
    std::string model_;
    Timer timer_;
};

}  // namespace edge
