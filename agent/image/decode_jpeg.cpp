// SPDX-License-Identifier: MIT
#include "image/jpeg.hpp"
#include "image/jpeg_layout.hpp"
#include "image/planar.hpp"
#include "image/to_planar.hpp"
#include "image/turbo_decoder.hpp"

namespace edge {
namespace {

DecodedImage asImage(PlanarBuffer& buffer) {
    DecodedImage image;
    const PlanarView view = buffer.view();
    image.view = {view.chroma == Chroma::kNone ? PixelFormat::kGrey8 : PixelFormat::kYuv420, ColorRange::kFull,
                  view.width, view.height, view.planes};
    for (const Plane& plane : view.planes) image.storageBytes += plane.bytes;
    image.storage = buffer.release();
    return image;
}

}  // namespace

Result<DecodedImage> decodeJpeg(std::span<const std::uint8_t> jpeg) {
    const auto layout = parseJpeg(jpeg);
    if (!layout) return tl::unexpected(layout.error());
    const auto rows = layout->oneScan ? TurboDecoder::Rows::kAsRead : TurboDecoder::Rows::kAfterAllScans;
    PlanarBuffer decoded;
    const auto planes = TurboDecoder().decode(stripJpeg(jpeg, *layout), rows, decoded);
    if (!planes) return tl::unexpected(planes.error());
    if (planes->chroma == Chroma::k420 || planes->chroma == Chroma::kNone) return asImage(decoded);
    PlanarBuffer reduced;
    copyAs420(*planes, reduced);
    return asImage(reduced);
}

}  // namespace edge
