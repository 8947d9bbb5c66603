// SPDX-License-Identifier: MIT
#pragma once

#include <libcamera/libcamera.h>

#include "config/config.hpp"
#include "core/result.hpp"

namespace edge {

/// What the camera is started with: [camera.controls], camera.frame_rate, and continuous autofocus where the camera has
/// it and the configuration says nothing. Errors: kInvalid, naming the key, and the controls that the camera does have.
Result<libcamera::ControlList> makeControls(const libcamera::Camera& camera, const CameraConfig& config);

}  // namespace edge
