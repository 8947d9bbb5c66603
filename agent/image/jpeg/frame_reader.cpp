// SPDX-License-Identifier: MIT
#include "image/jpeg/frame_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "image/jpeg/exif.hpp"
#include "image/jpeg/jpeg_layout.hpp"

namespace edge {
namespace {

constexpr std::uint8_t kBlack = 0;
constexpr std::uint8_t kNoColour = 128;

struct Span {
    int begin;
    int end;
};

/// Fills up the row with its last sample: TurboJPEG reads luma up to where chroma ends.
void copyRow(const std::uint8_t* from, int width, std::uint8_t* to, std::size_t stride) {
    std::copy_n(from, width, to);
    std::fill(to + width, to + stride, from[width - 1]);
}

/// The samples of a plane, one for each `sample` pixels, that cover the per cent `from` and `share` of `pixels`,
/// widened to whole chroma samples of `step` pixels.
Span cover(int from, int share, int pixels, int step, int sample) {
    constexpr int kWhole = 100;
    const int begin = pixels * from / kWhole / step * step;
    const int end = (pixels * (from + share) + kWhole - 1) / kWhole;
    return {begin / sample, (end + step - 1) / step * step / sample};
}

}  // namespace

Result<FrameReader::Picture> FrameReader::read(const FrameView& frame, std::span<const PictureArea> masks,
                                               Transform transform) {
    Picture picture = TRY(readPlanes(frame));
    if (masks.empty()) return picture;
    const Transform back = inverse(combine(picture.upright, transform));
    std::vector<PictureArea> areas;
    for (const PictureArea& area : masks) areas.push_back(transformed(area, back));
    picture.planes = mask(picture.planes, areas);
    return picture;
}

PlanarView FrameReader::mask(const PlanarView& planes, std::span<const PictureArea> areas) {
    masked_.shape(planes.width, planes.height, planes.chroma);
    const ChromaStep step = chromaStep(planes.chroma);
    for (std::size_t plane = 0; plane < planeCount(planes.chroma); ++plane) {
        const auto [data, bytes, stride] = planes.planes[plane];
        const int width = planeWidth(planes.chroma, plane, planes.width);
        const int height = planeHeight(planes.chroma, plane, planes.height);
        for (int y = 0; y < height; ++y)
            copyRow(data + stride * static_cast<std::size_t>(y), width, masked_.row(plane, y),
                    masked_.view().planes[plane].strideBytes);
        for (const PictureArea& area : areas) {
            const Span x = cover(area.left, area.width, planes.width, step.across, plane == 0 ? 1 : step.across);
            const Span y = cover(area.top, area.height, planes.height, step.down, plane == 0 ? 1 : step.down);
            for (int row = y.begin; row < std::min(y.end, height); ++row) {
                std::fill(masked_.row(plane, row) + x.begin, masked_.row(plane, row) + std::min(x.end, width),
                          plane == 0 ? kBlack : kNoColour);
            }
        }
    }
    return masked_.view();
}

Result<FrameReader::Picture> FrameReader::readPlanes(const FrameView& frame) {
    TRY(checkFrame(frame));
    if (isRgb(frame.format)) return Picture{TRY(rgb_.rgbToPlanes(frame, planes_)), {}};
    if (frame.format != PixelFormat::kMjpeg) return Picture{toPlanar(frame, planes_), {}};
    const std::span jpeg(frame.planes[0].data, frame.planes[0].bytes);
    JpegLayout layout = TRY(parseJpeg(jpeg));
    const PlanarView planes = TRY(decoder_.decode(jpeg, layout, planes_));
    return Picture{planes, transformOfExif(readOrientation(jpeg, layout))};
}

}  // namespace edge
