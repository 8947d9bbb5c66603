// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <utility>

namespace edge {

/// Mirrored, after the rotation.
enum class Flip { kNone, kHorizontal, kVertical };

/// A part of a picture, in per cent of its width and height.
struct PictureArea {
    int left = 0;
    int top = 0;
    int width = 100;
    int height = 100;

    bool operator==(const PictureArea&) const = default;
};

/// One of the eight ways to turn and mirror a picture: rows and columns change places first, then left and right, then
/// top and bottom.
struct Transform {
    bool transpose = false;
    bool hflip = false;
    bool vflip = false;
    bool operator==(const Transform&) const = default;
};

/// What undoes it.
[[nodiscard]] constexpr Transform inverse(Transform transform) {
    if (transform.transpose) std::swap(transform.hflip, transform.vflip);
    return transform;
}

/// Where `area` of a picture is once the picture is transformed.
[[nodiscard]] constexpr PictureArea transformed(PictureArea area, Transform transform) {
    constexpr int kWhole = 100;
    if (transform.transpose) area = {area.top, area.left, area.height, area.width};
    if (transform.hflip) area.left = kWhole - area.left - area.width;
    if (transform.vflip) area.top = kWhole - area.top - area.height;
    return area;
}

/// Clockwise by `rotation` (0, 90, 180, 270), then the flip.
[[nodiscard]] constexpr Transform toTransform(int rotation, Flip flip) {
    return {rotation == 90 || rotation == 270, (rotation == 90 || rotation == 180) != (flip == Flip::kHorizontal),
            (rotation == 180 || rotation == 270) != (flip == Flip::kVertical)};
}

/// What makes a picture with this EXIF orientation (1 … 8) upright; nothing for any other number.
[[nodiscard]] constexpr Transform transformOfExif(int orientation) {
    constexpr std::array<Transform, 9> kOrientations{{{},
                                                      {},
                                                      {false, true, false},
                                                      {false, true, true},
                                                      {false, false, true},
                                                      {true, false, false},
                                                      {true, true, false},
                                                      {true, true, true},
                                                      {true, false, true}}};
    return orientation >= 1 && orientation <= 8 ? kOrientations[static_cast<std::size_t>(orientation)] : Transform{};
}

/// Both as one. A transform without `transpose` is its own inverse: combine(done, wanted) is what is left of `wanted`
/// once a sensor has mirrored by `done`.
[[nodiscard]] constexpr Transform combine(Transform first, Transform second) {
    // Exchanging rows and columns makes left-right mirroring of what came before upside down, and the other way round.
    if (second.transpose) std::swap(first.hflip, first.vflip);
    return {first.transpose != second.transpose, first.hflip != second.hflip, first.vflip != second.vflip};
}

}  // namespace edge
