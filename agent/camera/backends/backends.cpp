// SPDX-License-Identifier: MIT
#include "camera/backends/backends.hpp"

#include <utility>

#include <fmt/core.h>

#include "core/system/shared_module.hpp"

namespace edge {
namespace {

/// The camera of the libcamera module, from beside this executable or from where the package put it. Loads the module
/// with the first call that needs it, and where that fails again with the next one: libcamera may be installed
/// meanwhile.
class LibcameraLoader : public Camera {
  public:
    LibcameraLoader(Loop& loop, const CameraConfig& config) : loop_(loop), config_(config) {}

    Result<CameraInfo> probe() override {
        TRY(load());
        return camera_->probe();
    }
    Result<void> check(const Controls& controls) override {
        TRY(load());
        return camera_->check(controls);
    }
    Result<Transform> start(const StreamRequest& request) override {
        TRY(load());
        return camera_->start(request);
    }
    void stop() override {
        if (camera_) camera_->stop();
    }
    void nextFrame(BootTime notBefore, FrameHandler done) override {
        if (camera_) camera_->nextFrame(notBefore, std::move(done));
    }
    void onChange(ChangeHandler handler) override {
        changeHandler_ = std::move(handler);
        if (camera_) camera_->onChange(changeHandler_);
    }

  private:
    Result<void> load() {
        if (camera_) return {};
        const auto factory = findInModule(kLibcameraModule, kLibcameraFactorySymbol);
        if (!factory) {
            return fail(Errc::kUnavailable,
                        fmt::format("the libcamera backend cannot be loaded: {}; install the libcamera that "
                                    "pi-edge-agent was built for, or the pi-edge-agent built for this one",
                                    factory.error().message));
        }
        camera_.reset(reinterpret_cast<LibcameraFactory>(*factory)(&loop_, &config_));
        camera_->onChange(changeHandler_);
        return {};
    }

    Loop& loop_;
    const CameraConfig& config_;
    std::unique_ptr<Camera> camera_;
    ChangeHandler changeHandler_;
};

/// camera.backend = "none".
class NoCamera : public Camera {
  public:
    Result<CameraInfo> probe() override { return error(); }
    Result<void> check(const Controls& /*controls*/) override { return error(); }
    Result<Transform> start(const StreamRequest& /*request*/) override { return error(); }
    void stop() override {}
    void nextFrame(BootTime /*notBefore*/, FrameHandler /*done*/) override {}
    void onChange(ChangeHandler /*handler*/) override {}

  private:
    static tl::unexpected<Error> error() {
        return fail(Errc::kUnavailable, "no camera is configured: set camera.backend to use one");
    }
};

}  // namespace

Result<void> refuseControls(const Controls& controls, const std::string& backend) {
    if (controls.empty()) return {};
    return fail(Errc::kInvalid,
                fmt::format("controls.{}: camera.backend \"{}\" has no controls", controls.begin()->first, backend));
}

/// To add a backend: its .cpp, its function in the header, its case here.
std::unique_ptr<Camera> makeCamera(Loop& loop, const CameraConfig& config) {
    switch (config.backend) {
        case CameraBackend::kLibcamera:
            return std::make_unique<LibcameraLoader>(loop, config);
        case CameraBackend::kReplay:
            return makeReplayCamera(loop, config);
        case CameraBackend::kPattern:
            return makePatternCamera(loop, config);
        case CameraBackend::kNone:
            break;
    }
    return std::make_unique<NoCamera>();
}

}  // namespace edge
