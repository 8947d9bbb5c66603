// SPDX-License-Identifier: MIT
#include "camera/backends/libcamera_module.hpp"

#include <memory>
#include <utility>

#include <fmt/core.h>

#include "core/system/shared_module.hpp"

namespace edge {
namespace {

Result<std::unique_ptr<Camera>> load(Loop& loop, const CameraConfig& config) {
    const auto factory = findInModule(kLibcameraModule, kLibcameraFactorySymbol);
    if (!factory) {
        return fail(
            Errc::kUnavailable,
            fmt::format("the libcamera backend cannot be loaded: {}; install the libcamera that pi-edge-agent was "
                        "built for, or the pi-edge-agent built for this one",
                        factory.error().message));
    }
    return std::unique_ptr<Camera>(reinterpret_cast<LibcameraFactory>(*factory)(&loop, &config));
}

/// The module's camera, from when it can be loaded: a libcamera that is missing may be installed while the program
/// runs.
class LoadedCamera : public Camera {
  public:
    LoadedCamera(Loop& loop, const CameraConfig& config) : loop_(loop), config_(config) {}

    Result<CameraInfo> probe() override {
        if (const auto loaded = ensureLoaded(); !loaded) return tl::unexpected(loaded.error());
        return camera_->probe();
    }
    Result<Orientation> start(const StreamWish& wish) override {
        if (const auto loaded = ensureLoaded(); !loaded) return tl::unexpected(loaded.error());
        return camera_->start(wish);
    }
    void stop() override {
        if (camera_ != nullptr) camera_->stop();
    }
    void nextFrame(BootTime notBefore, FrameHandler done) override {
        if (camera_ != nullptr) camera_->nextFrame(notBefore, std::move(done));
    }
    void onChange(ChangeHandler handler) override {
        changeHandler_ = std::move(handler);
        if (camera_ != nullptr) camera_->onChange(changeHandler_);
    }

  private:
    Result<void> ensureLoaded() {
        if (camera_ != nullptr) return {};
        auto camera = load(loop_, config_);
        if (!camera) return tl::unexpected(camera.error());
        camera_ = std::move(*camera);
        camera_->onChange(changeHandler_);
        return {};
    }

    Loop& loop_;
    const CameraConfig& config_;
    std::unique_ptr<Camera> camera_;
    ChangeHandler changeHandler_;
};

}  // namespace

std::unique_ptr<Camera> makeLibcameraCamera(Loop& loop, const CameraConfig& config) {
    return std::make_unique<LoadedCamera>(loop, config);
}

}  // namespace edge
