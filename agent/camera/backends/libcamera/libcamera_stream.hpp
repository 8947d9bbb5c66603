// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include <libcamera/libcamera.h>

#include "camera/camera.hpp"
#include "core/result.hpp"

namespace edge {

/// A configuration that the camera has agreed to, and what it means for us.
struct StreamSetup {
    std::unique_ptr<libcamera::CameraConfiguration> config;
    PixelFormat format = PixelFormat::kYuv420;
    ColorRange range = ColorRange::kFull;
    Orientation remaining;  ///< what the camera does not turn
};

/// The format that is cheapest to make a JPEG of, at the smallest size that covers the wish, else the largest. Does not
/// start anything. Errors: kFault (the camera offers nothing that we know).
Result<StreamSetup> negotiate(libcamera::Camera& camera, const StreamWish& wish);

}  // namespace edge
