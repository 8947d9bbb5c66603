// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "camera/camera.hpp"
#include "config/config.hpp"
#include "core/loop/loop.hpp"

namespace edge {

/// The backend for libcamera is a shared object of its own, loaded only when it is configured: every release of
/// libcamera is a different library to the linker, and a program that needs one which is gone would not even start.
inline constexpr const char* kLibcameraModule = "libpi-edge-camera-libcamera.so";
inline constexpr const char* kLibcameraFactorySymbol = "edgeMakeLibcameraCamera";
using LibcameraFactory = Camera* (*)(Loop*, const CameraConfig*);

/// A camera that loads the module from beside this executable, or from where the package put it, when it is first asked
/// for something, and where that fails again when it is asked the next time: libcamera may be installed meanwhile.
/// Until then every answer is kUnavailable, with the loader's reason and what to install. `config` must outlive it.
std::unique_ptr<Camera> makeLibcameraCamera(Loop& loop, const CameraConfig& config);

}  // namespace edge
