// SPDX-License-Identifier: MIT
#include "core/system/shared_module.hpp"

#include <unistd.h>

#include <dlfcn.h>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/core.h>

#include "core/text.hpp"
#include "core/version.hpp"

namespace edge {
namespace {

struct Unload {
    void operator()(void* module) const { ::dlclose(module); }
};

}  // namespace

std::string findInstalled(const std::string& name, const std::string& folder) {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    const std::string beside = self.parent_path() / name;
    return !error && ::access(beside.c_str(), R_OK) == 0 ? beside : folder + "/" + name;
}

Result<void*> findInModule(const char* name, const char* symbol) {
    std::unique_ptr<void, Unload> module(::dlopen(findInstalled(name, EDGE_MODULE_DIR).c_str(), RTLD_NOW | RTLD_LOCAL));
    if (module == nullptr) return fail(Errc::kUnavailable, printable(::dlerror(), 400));
    const auto version = reinterpret_cast<ModuleVersion>(::dlsym(module.get(), kModuleVersionSymbol));
    void* const found = ::dlsym(module.get(), symbol);
    if (version == nullptr || found == nullptr) {
        return fail(Errc::kUnavailable, fmt::format("{} is something else", name));
    }
    if (std::string_view(version()) != kVersion) {
        return fail(Errc::kUnavailable,
                    fmt::format("{} is of version {}, this program of {}", name, version(), kVersion));
    }
    (void)module.release();  // from here on its code is in use
    return found;
}

}  // namespace edge
