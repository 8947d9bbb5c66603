// SPDX-License-Identifier: MIT
#include <utility>

#include "image/jpeg/exif.hpp"
#include "image/jpeg/jpeg.hpp"
#include "image/jpeg/jpeg_layout.hpp"
#include "image/jpeg/turbo_decoder.hpp"
#include "image/pixels/geometry.hpp"
#include "image/pixels/planar.hpp"
#include "image/pixels/to_planar.hpp"

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
    auto layout = parseJpeg(jpeg);
    if (!layout) return tl::unexpected(layout.error());
    PlanarBuffer decoded;
    const auto planes = TurboDecoder().decode(jpeg, *layout, decoded);
    if (!planes) return tl::unexpected(planes.error());
    const Transform transform = transformOfExif(readOrientation(jpeg, *layout));
    if (transform == Transform{} && (planes->chroma == Chroma::k420 || planes->chroma == Chroma::kNone))
        return asImage(decoded);

    Shaper shaper;
    Geometry upright{planes->width, planes->height, transform, ""};
    if (transform.transpose) std::swap(upright.width, upright.height);
    const auto shaped = transform == Transform{} ? planes : shaper.shape(*planes, upright);
    if (!shaped) return tl::unexpected(shaped.error());
    PlanarBuffer own;
    copyAs420(*shaped, own);
    return asImage(own);
}

}  // namespace edge
