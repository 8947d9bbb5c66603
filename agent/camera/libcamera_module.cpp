// SPDX-License-Identifier: MIT
#include "camera/libcamera_module.hpp"

#include <unistd.h>

#include <dlfcn.h>
#include <filesystem>
#include <system_error>

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

}  // namespace

Result<std::unique_ptr<Camera>> makeLibcameraCamera(Loop& loop, const CameraConfig& config) {
    void* module = ::dlopen(modulePath().c_str(), RTLD_NOW | RTLD_LOCAL);
    if (module == nullptr) return cannotLoad(::dlerror());
    const auto version = reinterpret_cast<ModuleVersion>(::dlsym(module, kModuleVersionSymbol));
    const auto factory = reinterpret_cast<ModuleFactory>(::dlsym(module, kModuleFactorySymbol));
    if (version == nullptr || factory == nullptr)
        return cannotLoad(fmt::format("{} is something else", kLibcameraModule));
    if (std::string_view(version()) != kVersion) {
        return cannotLoad(fmt::format("it is of version {}, pi-edge-camera of {}", version(), kVersion));
    }
    return std::unique_ptr<Camera>(factory(&loop, &config));
}

}  // namespace edge
