// SPDX-License-Identifier: MIT
#include "image/pixels/pixel_ops.hpp"

#include <fmt/core.h>

#include "core/system/shared_module.hpp"

namespace edge {

Result<const PixelOps*> loadPixelOps() {
    static const auto found = findInModule(kPixelOpsModule, kPixelOpsSymbol);
    if (found) return static_cast<const PixelOps*>(*found);
    return fail(Errc::kInternal, fmt::format("cannot load OpenCV, which this picture needs: {}; reinstall the "
                                             "package pi-edge-camera",
                                             found.error().message));
}

}  // namespace edge
