// SPDX-License-Identifier: MIT
#include "image/pixels/pixel_ops.hpp"

#include <atomic>

#include <fmt/core.h>

#include "core/system/shared_module.hpp"

namespace edge {
namespace {

Result<const PixelOps*> loaded() {
    static std::atomic<const PixelOps*> ops{nullptr};
    if (ops == nullptr) {
        const auto found = findInModule(kPixelOpsModule, kPixelOpsSymbol);
        if (!found) {
            return fail(Errc::kInternal,
                        fmt::format("OpenCV, which this picture needs, cannot be loaded: {}; install the package "
                                    "pi-edge-camera again",
                                    found.error().message));
        }
        ops = static_cast<const PixelOps*>(*found);
    }
    return ops.load();
}

}  // namespace

Result<void> resizePixels(const ConstPixels& from, const Pixels& to) {
    const auto ops = loaded();
    return ops ? (*ops)->resize(from, to) : tl::unexpected(ops.error());
}

Result<void> transformPixels(const ConstPixels& from, const Pixels& to, Transform transform) {
    const auto ops = loaded();
    return ops ? (*ops)->transform(from, to, transform) : tl::unexpected(ops.error());
}

Result<void> drawLabel(std::span<const Pixels> planes, const std::string& text) {
    const auto ops = loaded();
    return ops ? (*ops)->label(planes, text) : tl::unexpected(ops.error());
}

Result<double> changedPixels(const ConstPixels& now, std::span<float> background, std::span<const std::uint8_t> mask,
                             double learning) {
    const auto ops = loaded();
    return ops ? (*ops)->changed(now, background, mask, learning) : tl::unexpected(ops.error());
}

}  // namespace edge
