// SPDX-License-Identifier: MIT
#pragma once

#include "config/config.hpp"

namespace edge {

/// How a picture is turned: clockwise by `rotation` (0, 90, 180, 270), then mirrored.
struct Orientation {
    int rotation = 0;
    Flip flip = Flip::kNone;
    bool operator==(const Orientation&) const = default;
};

/// Whether width and height change places; `rotation` as in Orientation.
[[nodiscard]] bool isQuarterTurn(int rotation);

/// Mirrored left-right and upside down, each or both: what sensors can do while they read out.
struct Mirror {
    bool horizontal = false;
    bool vertical = false;
    bool operator==(const Mirror&) const = default;
};

/// The part of `wanted` that a sensor could do alone: all of it for 0° and 180°, nothing for a quarter turn.
[[nodiscard]] Mirror sensorPart(const Orientation& wanted);

/// What is left to be done to a picture that the sensor has mirrored by `done`, so that it ends as `wanted`.
[[nodiscard]] Orientation remaining(const Orientation& wanted, const Mirror& done);

}  // namespace edge
