// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/config.hpp"
#include "core/time/time.hpp"

namespace edge {

/// The numbers of a control's value; true and false are 1 and 0.
inline std::vector<double> numbersOf(const ControlValue& value) {
    if (const auto* flag = std::get_if<bool>(&value)) return {*flag ? 1.0 : 0.0};
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return {static_cast<double>(*whole)};
    if (const auto* number = std::get_if<double>(&value)) return {*number};
    return std::get<std::vector<double>>(value);
}

/// The (first) number of the control `name`; nullopt where it is not set.
inline std::optional<double> numberOf(const Controls& controls, const std::string& name) {
    const auto found = controls.find(name);
    if (found == controls.end()) return std::nullopt;
    return numbersOf(found->second).front();
}

/// Those of a single picture over those of the configuration.
inline Controls combined(const Controls& own, const Controls& usual) {
    Controls all = own;
    all.insert(usual.begin(), usual.end());
    return all;
}

/// How long a frame may take: an exposure of 6 s, one frame a second. 0 where neither configuration nor the picture's
/// own controls say.
inline milliseconds longestFrame(const CameraConfig& config, const Controls& own = {}) {
    const auto asked = numberOf(combined(own, config.controls), "ExposureTime");
    const double exposureMicros = std::clamp(asked.value_or(0), 0.0, 1e9);
    const auto exposure = milliseconds{static_cast<std::int64_t>(exposureMicros / 1000)};
    return config.frameRate > 0 ? std::max(exposure, milliseconds{seconds{1}} / config.frameRate) : exposure;
}

/// A camera that has given no frame for this long is silent, where `frame` is longestFrame(): the first frame after a
/// start may be the third that it exposes.
inline milliseconds silenceLimit(milliseconds frame) {
    return std::max(milliseconds{seconds{3}}, 4 * frame);
}

}  // namespace edge
