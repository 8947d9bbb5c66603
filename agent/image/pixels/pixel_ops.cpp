// SPDX-License-Identifier: MIT
#include "image/pixels/pixel_ops.hpp"

#include <atomic>

#include <fmt/core.h>

#include "core/system/shared_module.hpp"

namespace edge {
namespace {

Result<const PixelOps*> load() {
    static std::atomic<const PixelOps*> ops{nullptr};
    if (ops == nullptr) {
        const auto found = findInModule(kPixelOpsModule, kPixelOpsSymbol);
        if (!found) {
            return fail(Errc::kInternal, fmt::format("cannot load OpenCV, which this picture needs: {}; reinstall the "
                                                     "package pi-edge-camera",
                                                     found.error().message));
        }
        ops = static_cast<const PixelOps*>(*found);
    }
    return ops.load();
}

}  // namespace

Result<void> resizePixels(const ConstPixels& from, const Pixels& to) {
    return TRY(load())->resize(from, to);
}

Result<void> transformPixels(const ConstPixels& from, const Pixels& to, Transform transform) {
    return TRY(load())->transform(from, to, transform);
}

Result<void> drawLabel(std::span<const Pixels> planes, const std::string& text) {
    return TRY(load())->label(planes, text);
}

Result<double> changedPixels(const ConstPixels& now, std::span<float> background, std::span<const std::uint8_t> mask,
                             double learning) {
    return TRY(load())->changed(now, background, mask, learning);
}

}  // namespace edge
