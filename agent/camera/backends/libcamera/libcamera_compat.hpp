// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <libcamera/libcamera.h>

#include "camera/backends/orientation.hpp"

/// Everything that differs between libcamera 0.0.3 and 0.7: the only file that asks for its version.
#define EDGE_LIBCAMERA_VERSION \
    (LIBCAMERA_VERSION_MAJOR * 10000 + LIBCAMERA_VERSION_MINOR * 100 + LIBCAMERA_VERSION_PATCH)
#define EDGE_LIBCAMERA_HAS_ORIENTATION (EDGE_LIBCAMERA_VERSION >= 200)
#define EDGE_LIBCAMERA_HAS_CONTROL_SHAPE (EDGE_LIBCAMERA_VERSION >= 400)

namespace edge::compat {

#if EDGE_LIBCAMERA_HAS_ORIENTATION

inline void askForMirror(libcamera::CameraConfiguration& config, const Mirror& mirror) {
    using libcamera::Orientation;
    config.orientation = mirror.horizontal ? (mirror.vertical ? Orientation::Rotate180 : Orientation::Rotate0Mirror)
                                           : (mirror.vertical ? Orientation::Rotate180Mirror : Orientation::Rotate0);
}

/// What the camera will do. Sideways ones (a camera mounted so) count as not mirrored: only camera.rotation helps
/// there.
inline Mirror agreedMirror(const libcamera::CameraConfiguration& config) {
    using libcamera::Orientation;
    switch (config.orientation) {
        case Orientation::Rotate0Mirror:
            return {true, false};
        case Orientation::Rotate180:
            return {true, true};
        case Orientation::Rotate180Mirror:
            return {false, true};
        default:
            return {};
    }
}

#else

inline void askForMirror(libcamera::CameraConfiguration& config, const Mirror& mirror) {
    using libcamera::Transform;
    config.transform = (mirror.horizontal ? Transform::HFlip : Transform::Identity) |
                       (mirror.vertical ? Transform::VFlip : Transform::Identity);
}

inline Mirror agreedMirror(const libcamera::CameraConfiguration& config) {
    using libcamera::Transform;
    return {(config.transform & Transform::HFlip) == Transform::HFlip,
            (config.transform & Transform::VFlip) == Transform::VFlip};
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
