// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "camera/camera.hpp"
#include "camera/daemon/pacer.hpp"
#include "config/config.hpp"
#include "core/loop/loop.hpp"

namespace edge {

/// A test picture that needs no hardware: colour bars, a mark that moves with every frame, the frame's number and the
/// local time. Each frame is made when it is asked for. Any size. See Camera.
class PatternCamera : public Camera {
  public:
    PatternCamera(Loop& loop, const CameraConfig& config);

    Result<CameraInfo> probe() override;
    Result<Orientation> start(const StreamWish& wish) override;
    void stop() override;
    void nextFrame(BootTime notBefore, FrameHandler done) override;
    void onChange(ChangeHandler /*handler*/) override {}

  private:
    struct Buffer;

    [[nodiscard]] Frame expose();

    Loop& loop_;
    Pacer pacer_;
    int width_ = 0;  ///< 0: not streaming
    int height_ = 0;
    std::uint32_t sequence_ = 0;
    std::vector<std::shared_ptr<Buffer>> buffers_;  ///< used again once nobody else holds them
};

}  // namespace edge
