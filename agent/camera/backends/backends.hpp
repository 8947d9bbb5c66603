// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "camera/camera.hpp"
#include "config/config.hpp"
#include "core/loop/loop.hpp"

namespace edge {

/// The camera that the configuration names. Never fails: a backend that cannot be loaded is a camera that is
/// unavailable, and says why. `config` must outlive it.
std::unique_ptr<Camera> makeCamera(Loop& loop, const CameraConfig& config);

/// A test picture that needs no hardware: colour bars, a mark that moves with every frame, the frame's number and the
/// local time. Each frame is made when it is requested. Any size.
std::unique_ptr<Camera> makePatternCamera(Loop& loop, const CameraConfig& config);

/// The JPEG files of a directory, in the order of their names, again and again; new files are found at the start of
/// each round. A file that is not a JPEG is skipped, and its name logged once. Sizes are the files' own.
std::unique_ptr<Camera> makeReplayCamera(Loop& loop, const CameraConfig& config);

/// Camera::check() of a backend without controls.
Result<void> refuseControls(const Controls& controls, const std::string& backend);

/// The backend for libcamera is a shared object of its own, loaded only when it is configured: every release of
/// libcamera is a different library to the linker, and a program that needs a missing one would not even start.
inline constexpr const char* kLibcameraModule = "libpi-edge-camera-libcamera.so";
inline constexpr const char* kLibcameraFactorySymbol = "edgeMakeLibcameraCamera";
using LibcameraFactory = Camera* (*)(Loop*, const CameraConfig*);

}  // namespace edge
