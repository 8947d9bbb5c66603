// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>

#include <libcamera/libcamera.h>

#include "image/pixels/transform.hpp"

/// Everything that differs between libcamera 0.0.3 and 0.7: the only file that asks for its version.
#define EDGE_LIBCAMERA_VERSION \
    (LIBCAMERA_VERSION_MAJOR * 10000 + LIBCAMERA_VERSION_MINOR * 100 + LIBCAMERA_VERSION_PATCH)
#define EDGE_LIBCAMERA_HAS_ORIENTATION (EDGE_LIBCAMERA_VERSION >= 200)
#define EDGE_LIBCAMERA_HAS_CONTROL_SHAPE (EDGE_LIBCAMERA_VERSION >= 400)

namespace edge::compat {

/// Sensors mirror while they read out; `mirror` is a transform without `transpose`.
#if EDGE_LIBCAMERA_HAS_ORIENTATION

inline void requestMirror(libcamera::CameraConfiguration& config, const Transform& mirror) {
    using libcamera::Orientation;
    config.orientation = mirror.hflip ? (mirror.vflip ? Orientation::Rotate180 : Orientation::Rotate0Mirror)
                                      : (mirror.vflip ? Orientation::Rotate180Mirror : Orientation::Rotate0);
}

/// What the camera will do. Sideways ones (a camera mounted so) count as not mirrored: only camera.rotation helps
/// there.
inline Transform agreedMirror(const libcamera::CameraConfiguration& config) {
    using libcamera::Orientation;
    const auto is = [&](Orientation one, Orientation other) {
        return config.orientation == one || config.orientation == other;
    };
    return {false, is(Orientation::Rotate0Mirror, Orientation::Rotate180),
            is(Orientation::Rotate180Mirror, Orientation::Rotate180)};
}

#else

inline void requestMirror(libcamera::CameraConfiguration& config, const Transform& mirror) {
    config.transform = (mirror.hflip ? libcamera::Transform::HFlip : libcamera::Transform::Identity) |
                       (mirror.vflip ? libcamera::Transform::VFlip : libcamera::Transform::Identity);
}

inline Transform agreedMirror(const libcamera::CameraConfiguration& config) {
    const auto has = [&](libcamera::Transform flip) { return (config.transform & flip) == flip; };
    return {false, has(libcamera::Transform::HFlip), has(libcamera::Transform::VFlip)};
}

#endif

/// How many values a control takes: nullopt = one, not an array; 0 = any number.
#if EDGE_LIBCAMERA_HAS_CONTROL_SHAPE

inline std::optional<std::size_t> arrayLength(const libcamera::ControlId& id) {
    if (!id.isArray()) return std::nullopt;
    return id.size() == std::numeric_limits<std::size_t>::max() ? 0 : id.size();
}

#else

/// Not known to the library yet; a wrong guess ends in an assertion inside it.
inline std::optional<std::size_t> arrayLength(const libcamera::ControlId& id) {
    const std::string& name = id.name();
    if (name == "ColourGains" || name == "FrameDurationLimits") return 2;
    if (name == "ColourCorrectionMatrix") return 9;
    if (name == "AfWindows") return 0;
    return std::nullopt;
}

#endif

/// properties::Model holds a string in old releases and a string_view in new ones.
inline std::string modelOf(const libcamera::Camera& camera) {
    const auto model = camera.properties().get(libcamera::properties::Model);
    return model ? std::string(*model) : camera.id();
}

}  // namespace edge::compat
