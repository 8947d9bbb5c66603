// SPDX-License-Identifier: MIT
#include "image/jpeg/frame_reader.hpp"

#include <span>

#include "image/jpeg/exif.hpp"
#include "image/jpeg/jpeg_layout.hpp"

namespace edge {

Result<FrameReader::Picture> FrameReader::read(const FrameView& frame) {
    TRY(checkFrame(frame));
    if (isRgb(frame.format)) return Picture{TRY(rgb_.rgbToPlanes(frame, planes_)), {}};
    if (frame.format != PixelFormat::kMjpeg) return Picture{toPlanar(frame, planes_), {}};
    const std::span jpeg(frame.planes[0].data, frame.planes[0].bytes);
    JpegLayout layout = TRY(parseJpeg(jpeg));
    const PlanarView planes = TRY(decoder_.decode(jpeg, layout, planes_));
    return Picture{planes, transformOfExif(readOrientation(jpeg, layout))};
}

}  // namespace edge
