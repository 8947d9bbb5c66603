// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/result.hpp"
#include "image/pixels/planar.hpp"
#include "image/pixels/transform.hpp"

namespace edge {

struct Crop {
    int x = 0;
    int y = 0;
    int width = 0;
    int height = 0;
    bool operator==(const Crop&) const = default;
};
/// The largest part in the middle of `width` x `height` that has the shape of `wantedWidth` x `wantedHeight`, so that
/// nothing is distorted. Corner and size are even (except for a whole side), so that chroma is cut at the same place.
[[nodiscard]] Crop centreCrop(int width, int height, int wantedWidth, int wantedHeight);

/// What the finished picture is.
struct Geometry {
    int width = 0;
    int height = 0;
    Transform transform;
    std::string label;  ///< printable ASCII; "" = nothing
};

/// Whether a picture of this size needs any change; an odd one always does, because TurboJPEG reads luma up to where
/// chroma ends.
[[nodiscard]] bool changes(const Geometry& geometry, int width, int height);

/// Crops, scales, transforms and labels, plane by plane. Keeps its memory. The result is 4:2:0 (or grey) and valid
/// until the next call. Errors: as pixel_ops.hpp.
class Shaper {
  public:
    Result<PlanarView> shape(const PlanarView& source, const Geometry& geometry);

  private:
    PlanarBuffer scaled_;
    PlanarBuffer finished_;
};

/// The text that can be drawn: ASCII, each other character as one '?', control characters as spaces, at most 256.
[[nodiscard]] std::string drawableText(const std::string& text);

}  // namespace edge
