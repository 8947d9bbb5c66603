// SPDX-License-Identifier: MIT
#pragma once

#include "image/frame.hpp"
#include "image/pixels/planar.hpp"

namespace edge {

/// A frame of any YUV or grey format as full-range planes. Planes that need no change stay the caller's own memory; the
/// others (interleaved chroma, packed 4:2:2, limited range) are written to `scratch`. `frame` has passed checkFrame()
/// and is neither RGB nor MJPEG.
PlanarView toPlanar(const FrameView& frame, PlanarBuffer& scratch);

/// Any subsampling to 4:2:0, by averaging, into `target`. Grey stays grey; luma is copied.
void copyAs420(const PlanarView& source, PlanarBuffer& target);

}  // namespace edge
