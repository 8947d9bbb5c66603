// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "camera/camera.hpp"
#include "config/config.hpp"
#include "core/loop/loop.hpp"

namespace edge {

/// The camera that the configuration names. Never fails: a backend that cannot be had is a camera that is unavailable,
/// and says why.
std::unique_ptr<Camera> makeCamera(Loop& loop, const CameraConfig& config);

}  // namespace edge
