// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>

namespace edge {

/// Of a place on Earth, in degrees: north and east are positive.
struct Coordinates {
    double latitude = 0;   ///< -90 … 90
    double longitude = 0;  ///< -180 … 180

    bool operator==(const Coordinates&) const = default;
};

/// The sun around one noon of a place.
struct SunDay {
    enum class Kind {
        kNormal,      ///< it rises and sets
        kPolarDay,    ///< it does not set
        kPolarNight,  ///< it does not rise
    };
    Kind kind = Kind::kNormal;
    std::chrono::sys_seconds noon;     ///< it stands highest
    std::chrono::sys_seconds sunrise;  ///< only with kNormal
    std::chrono::sys_seconds sunset;   ///< only with kNormal; may be on the next date
};

/// The sun on `date` in the place's own solar time, which differs from its clocks by an hour or two. By the equations
/// of NOAA's solar calculator (https://gml.noaa.gov/grad/solcalc/calcdetails.html, from J. Meeus, "Astronomical
/// Algorithms"): sunrise and sunset are when the upper edge of the sun is at a flat horizon, with the refraction of
/// average air. Accurate to a minute up to 72° of latitude, to ten minutes beyond, from 1901 to 2099; mountains, height
/// and weather make more. Pure. Thread: any.
SunDay sunOn(std::chrono::sys_days date, const Coordinates& place);

}  // namespace edge
