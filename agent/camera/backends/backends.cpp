// SPDX-License-Identifier: MIT
#include "camera/backends/backends.hpp"

#include <array>

#include "camera/backends/libcamera_module.hpp"
#include "camera/backends/pattern_camera.hpp"
#include "camera/backends/replay_camera.hpp"
#include "camera/backends/unavailable_camera.hpp"

namespace edge {
namespace {

using Factory = std::unique_ptr<Camera> (*)(Loop&, const CameraConfig&);

std::unique_ptr<Camera> makeReplay(Loop& loop, const CameraConfig& config) {
    return std::make_unique<ReplayCamera>(loop, config);
}

std::unique_ptr<Camera> makePattern(Loop& loop, const CameraConfig& config) {
    return std::make_unique<PatternCamera>(loop, config);
}

std::unique_ptr<Camera> makeNone(Loop& /*loop*/, const CameraConfig& /*config*/) {
    return std::make_unique<UnavailableCamera>("no camera is configured: set camera.backend to use one");
}

struct Backend {
    CameraBackend name;
    Factory make;
};
/// To add a backend: its .cpp, its row here.
constexpr std::array<Backend, 4> kBackends{{
    {CameraBackend::kLibcamera, makeLibcameraCamera},
    {CameraBackend::kReplay, makeReplay},
    {CameraBackend::kPattern, makePattern},
    {CameraBackend::kNone, makeNone},
}};

}  // namespace

std::unique_ptr<Camera> makeCamera(Loop& loop, const CameraConfig& config) {
    for (const Backend& backend : kBackends) {
        if (backend.name == config.backend) return backend.make(loop, config);
    }
    return makeNone(loop, config);
}

}  // namespace edge
