// SPDX-License-Identifier: MIT
#include "image/pixels/pixel_ops.hpp"

#include <atomic>

#include <fmt/core.h>

#include "core/system/shared_module.hpp"

namespace edge {

Result<const PixelOps*> loadPixelOps() {
    static std::atomic<const PixelOps*> loaded{nullptr};
    if (const PixelOps* const ops = loaded) return ops;
    // A failure is not remembered: the library may be about to be replaced by an upgrade.
    const auto found = findInModule(kPixelOpsModule, kPixelOpsSymbol);
    if (found) return loaded = static_cast<const PixelOps*>(*found);
    return fail(Errc::kInternal, fmt::format("cannot load OpenCV, which this picture needs: {}; reinstall the "
                                             "package pi-edge-camera",
                                             found.error().message));
}

}  // namespace edge
