// SPDX-License-Identifier: MIT
#pragma once

#include "core/result.hpp"
#include "image/frame.hpp"

namespace edge {

/// The largest picture handled, either way up.
inline constexpr int kMaxImageLongSide = 9152;
inline constexpr int kMaxImageShortSide = 6944;

/// Whether a picture of this size is handled at all: from 1 x 1 to the largest, upright or lying.
[[nodiscard]] bool isImageSizeAllowed(int width, int height);

/// That every byte which the format and size promise is really there. Errors: kFault. A kMjpeg frame's width and
/// height are not looked at (the JPEG says them itself).
[[nodiscard]] Result<void> checkFrame(const FrameView& frame);

}  // namespace edge
