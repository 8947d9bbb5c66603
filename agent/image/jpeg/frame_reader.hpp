// SPDX-License-Identifier: MIT
#pragma once

#include "core/result.hpp"
#include "image/frame.hpp"
#include "image/jpeg/turbo.hpp"
#include "image/pixels/planar.hpp"
#include "image/pixels/transform.hpp"

namespace edge {

/// Frames of every format as full-range planes, for all that looks at their pixels. Keeps its memory; one object a
/// thread.
class FrameReader {
  public:
    struct Picture {
        PlanarView planes;  ///< in the frame's memory or in the reader's, valid until the next read()
        Transform upright;  ///< what makes it upright, as the EXIF of an MJPEG frame says
    };
    /// Errors: kFault (the frame's planes are too small for its size, or its JPEG is truncated or damaged), kInternal.
    Result<Picture> read(const FrameView& frame);

  private:
    TurboEncoder rgb_;
    TurboDecoder decoder_;
    PlanarBuffer planes_;
};

}  // namespace edge
