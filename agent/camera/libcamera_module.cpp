// SPDX-License-Identifier: MIT
#include "camera/libcamera_module.hpp"

#include <unistd.h>

#include <dlfcn.h>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include <fmt/core.h>

#include "core/text.hpp"
#include "core/version.hpp"

namespace edge {
namespace {

std::string modulePath() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    if (!error) {
        auto beside = self.parent_path() / kLibcameraModule;
        if (::access(beside.c_str(), R_OK) == 0) return beside.string();
    }
    return fmt::format("{}/{}", EDGE_CAMERA_MODULE_DIR, kLibcameraModule);
}

tl::unexpected<Error> cannotLoad(std::string_view reason) {
    return fail(Errc::kUnavailable,
                fmt::format("the libcamera backend cannot be loaded: {}; install the libcamera that "
                            "pi-edge-agent was built for, or the pi-edge-agent built for this one",
                            printable(reason, 400)));
}

struct Unload {
    void operator()(void* module) const { ::dlclose(module); }
};

/// A module that can be used stays loaded for as long as the program runs.
Result<std::unique_ptr<Camera>> load(Loop& loop, const CameraConfig& config) {
    std::unique_ptr<void, Unload> module(::dlopen(modulePath().c_str(), RTLD_NOW | RTLD_LOCAL));
    if (module == nullptr) return cannotLoad(::dlerror());
    const auto version = reinterpret_cast<ModuleVersion>(::dlsym(module.get(), kModuleVersionSymbol));
    const auto factory = reinterpret_cast<ModuleFactory>(::dlsym(module.get(), kModuleFactorySymbol));
    if (version == nullptr || factory == nullptr)
        return cannotLoad(fmt::format("{} is something else", kLibcameraModule));
    if (std::string_view(version()) != kVersion) {
        return cannotLoad(fmt::format("it is of version {}, pi-edge-camera of {}", version(), kVersion));
    }
    (void)module.release();  // from here on its code is in use
    return std::unique_ptr<Camera>(factory(&loop, &config));
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
