// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "camera/camera.hpp"

namespace edge {

/// Stands in where a backend cannot be had: answers everything with the reason.
class UnavailableCamera : public Camera {
  public:
    explicit UnavailableCamera(std::string reason) : error_{Errc::kUnavailable, std::move(reason)} {}

    Result<CameraInfo> probe() override { return tl::unexpected(error_); }
    Result<Orientation> start(const StreamWish& /*wish*/) override { return tl::unexpected(error_); }
    void stop() override {}
    void nextFrame(BootTime /*notBefore*/, FrameHandler /*done*/) override {}
    void onChange(ChangeHandler /*handler*/) override {}

  private:
    const Error error_;
};

}  // namespace edge
