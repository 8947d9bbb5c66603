// SPDX-License-Identifier: MIT
#include "image/pixels/geometry.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "image/pixels/pixel_ops.hpp"

namespace edge {
namespace {

int evenNearest(std::int64_t numerator, std::int64_t denominator, int limit) {
    const auto half = static_cast<int>((numerator + denominator) / (2 * denominator));
    return std::clamp(half * 2, std::min(2, limit), limit);
}

int evenMargin(int whole, int part) {
    return (whole - part) / 4 * 2;
}

/// The part of plane `index` that belongs to the crop.
ConstPixels cut(const PlanarView& source, std::size_t index, const Crop& crop) {
    const Plane& plane = source.planes[index];
    const ChromaStep step = index == 0 ? ChromaStep{} : chromaStep(source.chroma);
    const int x = crop.x / step.across;
    const int y = crop.y / step.down;
    const int width =
        std::min(planeWidth(source.chroma, index, crop.width), planeWidth(source.chroma, index, source.width) - x);
    const int height =
        std::min(planeHeight(source.chroma, index, crop.height), planeHeight(source.chroma, index, source.height) - y);
    return {plane.data + plane.strideBytes * static_cast<std::size_t>(y) + x, width, height, plane.strideBytes};
}

Pixels planeOf(PlanarBuffer& buffer, std::size_t index) {
    const PlanarView& view = buffer.view();
    return {buffer.row(index, 0), planeWidth(view.chroma, index, view.width),
            planeHeight(view.chroma, index, view.height), view.planes[index].strideBytes};
}

}  // namespace

Crop centreCrop(int width, int height, int wantedWidth, int wantedHeight) {
    Crop crop{0, 0, width, height};
    const std::int64_t wide = std::int64_t{width} * wantedHeight;
    const std::int64_t high = std::int64_t{height} * wantedWidth;
    if (wide > high) {
        crop.width = evenNearest(high, wantedHeight, width);
        crop.x = evenMargin(width, crop.width);
    } else if (high > wide) {
        crop.height = evenNearest(wide, wantedWidth, height);
        crop.y = evenMargin(height, crop.height);
    }
    return crop;
}

bool changes(const Geometry& geometry, int width, int height) {
    return geometry.width != width || geometry.height != height || geometry.transform != Transform{} ||
           !geometry.label.empty() || width % 2 != 0 || height % 2 != 0;
}

Result<PlanarView> Shaper::shape(const PlanarView& source, const Geometry& geometry) {
    const Chroma chroma = source.chroma == Chroma::kNone ? Chroma::kNone : Chroma::k420;
    const bool isTransformed = geometry.transform != Transform{};
    PlanarBuffer& scaled = isTransformed ? scaled_ : finished_;
    if (isTransformed) {
        const bool isLying = geometry.transform.transpose;
        scaled_.shape(isLying ? geometry.height : geometry.width, isLying ? geometry.width : geometry.height, chroma);
    }
    finished_.shape(geometry.width, geometry.height, chroma);

    const PixelOps* ops = TRY(loadPixelOps());
    const Crop crop = centreCrop(source.width, source.height, scaled.view().width, scaled.view().height);
    std::array<Pixels, 3> planes;
    for (std::size_t i = 0; i < planeCount(chroma); ++i) {
        planes[i] = planeOf(finished_, i);
        ConstPixels part = cut(source, i, crop);
        const Pixels sized = planeOf(scaled, i);
        if (!isTransformed || part.width != sized.width || part.height != sized.height) {
            TRY(ops->resize(part, sized));
            part = sized;
        }
        if (isTransformed) TRY(ops->transform(part, planes[i], geometry.transform));
    }
    if (!geometry.label.empty()) TRY(ops->label(std::span(planes).first(planeCount(chroma)), geometry.label));
    return finished_.view();
}

std::string drawableText(const std::string& text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (out.size() == 256) break;
        if (byte >= 0x80 && byte < 0xC0) continue;  // the rest of a UTF-8 character, which is one '?'
        if (byte >= 0x80) {
            out += '?';
        } else {
            out += byte < 0x20 || byte == 0x7F ? ' ' : c;
        }
    }
    return out;
}

}  // namespace edge
