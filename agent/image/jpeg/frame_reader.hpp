// SPDX-License-Identifier: MIT
#pragma once

#include <span>

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
    /// `masks` are made black: areas of what people see, which `transform` makes of the frame once it is upright. They
    /// end where the nearest chroma sample outside does, so that no colour of theirs is left.
    /// Errors: kFault (the frame's planes are too small for its size, or its JPEG is truncated or damaged), kInternal.
    Result<Picture> read(const FrameView& frame, std::span<const PictureArea> masks = {}, Transform transform = {});

  private:
    Result<Picture> readPlanes(const FrameView& frame);
    PlanarView mask(const PlanarView& planes, std::span<const PictureArea> areas);

    TurboEncoder rgb_;
    TurboDecoder decoder_;
    PlanarBuffer planes_;
    PlanarBuffer masked_;
};

}  // namespace edge
