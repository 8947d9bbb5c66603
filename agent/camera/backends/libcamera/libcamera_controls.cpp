// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <fmt/format.h>
#include <libcamera/control_ids.h>

#include "camera/backends/libcamera/libcamera_compat.hpp"
#include "camera/backends/libcamera/libcamera_session.hpp"
#include "camera/controls.hpp"
#include "core/suggest.hpp"
#include "core/system/log.hpp"

namespace edge {
namespace {

template <typename T>
std::optional<T> toWhole(double number) {
    const bool fits = number >= static_cast<double>(std::numeric_limits<T>::min()) &&
                      number < static_cast<double>(std::numeric_limits<T>::max()) + 1.0;
    if (!fits || std::floor(number) != number) return std::nullopt;
    return static_cast<T>(number);
}

/// nullopt: a fraction or too large for T.
template <typename T>
std::optional<libcamera::ControlValue> pack(const std::vector<double>& numbers, bool isArray) {
    std::vector<T> values;
    for (const double number : numbers) {
        const auto converted = std::is_integral_v<T> ? toWhole<T>(number) : std::optional<T>(static_cast<T>(number));
        if (!converted) return std::nullopt;
        values.push_back(*converted);
    }
    if (!isArray) return libcamera::ControlValue(values.front());
    return libcamera::ControlValue(libcamera::Span<const T>(values.data(), values.size()));
}

std::optional<libcamera::ControlValue> packRectangle(const std::vector<double>& numbers) {
    if (numbers.size() != 4) return std::nullopt;
    const auto x = toWhole<int>(numbers[0]);
    const auto y = toWhole<int>(numbers[1]);
    const auto width = toWhole<unsigned>(numbers[2]);
    const auto height = toWhole<unsigned>(numbers[3]);
    if (!x || !y || !width || !height) return std::nullopt;
    return libcamera::ControlValue(libcamera::Rectangle(*x, *y, *width, *height));
}

std::optional<libcamera::ControlValue> convert(const libcamera::ControlId& id, const ControlValue& value) {
    const auto length = compat::arrayLength(id);
    const auto numbers = numbersOf(value);
    if (numbers.empty()) return std::nullopt;
    if (id.type() == libcamera::ControlTypeRectangle && !length) return packRectangle(numbers);
    const bool isRightLength = length ? (*length == 0 || *length == numbers.size()) : numbers.size() == 1;
    if (!isRightLength) return std::nullopt;
    switch (id.type()) {
        case libcamera::ControlTypeBool:
            if (!std::holds_alternative<bool>(value)) return std::nullopt;
            return libcamera::ControlValue(std::get<bool>(value));
        case libcamera::ControlTypeByte:
            return pack<std::uint8_t>(numbers, length.has_value());
        case libcamera::ControlTypeInteger32:
            return pack<std::int32_t>(numbers, length.has_value());
        case libcamera::ControlTypeInteger64:
            return pack<std::int64_t>(numbers, length.has_value());
        case libcamera::ControlTypeFloat:
            return pack<float>(numbers, length.has_value());
        default:
            return std::nullopt;
    }
}

std::string expectation(const libcamera::ControlId& id) {
    const auto length = compat::arrayLength(id);
    if (id.type() == libcamera::ControlTypeRectangle && !length) return "four whole numbers: [x, y, width, height]";
    const bool isWhole = id.type() == libcamera::ControlTypeByte || id.type() == libcamera::ControlTypeInteger32 ||
                         id.type() == libcamera::ControlTypeInteger64;
    if (id.type() == libcamera::ControlTypeBool && !length) return "true or false";
    if (!isWhole && id.type() != libcamera::ControlTypeFloat)
        return "no value: controls of this type cannot be configured";
    const char* kind = isWhole ? "whole number" : "number";
    if (!length) return fmt::format("a {}", kind);
    return *length == 0 ? fmt::format("an array of {}s", kind) : fmt::format("an array of {} {}s", *length, kind);
}

const libcamera::ControlId* findControl(const libcamera::ControlInfoMap& offered, const std::string& name) {
    for (const auto& [id, info] : offered) {
        if (id->name() == name) return id;
    }
    return nullptr;
}

Error unknownControl(const libcamera::ControlInfoMap& offered, const std::string& key, const std::string& name) {
    std::vector<std::string> names;
    for (const auto& [id, info] : offered) names.push_back(id->name());
    std::sort(names.begin(), names.end());
    const std::string meant = nearest(name, names);
    return {Errc::kInvalid, fmt::format("{}: this camera has no such control; {}", key,
                                        meant.empty() ? fmt::format("it has: {}", fmt::join(names, ", "))
                                                      : fmt::format("did you mean {}?", meant))};
}

/// An exposure that is set may be longer than a frame at this rate.
void setFrameRate(libcamera::ControlList& controls, const libcamera::ControlInfoMap& offered, int frameRate,
                  std::int64_t exposureMicros) {
    if (frameRate == 0) return;
    if (offered.count(&libcamera::controls::FrameDurationLimits) == 0) {
        log::warning("camera.frame_rate: this camera does not let it be set; it runs at its own");
        return;
    }
    const std::int64_t micros = 1'000'000 / frameRate;
    controls.set(libcamera::controls::FrameDurationLimits,
                 libcamera::Span<const std::int64_t, 2>({micros, std::max(micros, exposureMicros)}));
}

/// Since libcamera 0.5, an exposure time or gain counts only where its mode says so; before, there are no modes.
void setManualModes(libcamera::ControlList& controls, const libcamera::ControlInfoMap& offered, const Controls& asked) {
    constexpr std::int32_t kManual = 1;  // of both modes
    const bool isSaid = asked.contains("AeEnable");
    for (const std::string name : {"ExposureTime", "AnalogueGain"}) {
        const libcamera::ControlId* mode = findControl(offered, name + "Mode");
        if (mode == nullptr || isSaid || asked.contains(name + "Mode") || numberOf(asked, name).value_or(0) <= 0)
            continue;
        controls.set(mode->id(), libcamera::ControlValue(kManual));
    }
}

Result<void> setControls(libcamera::ControlList& controls, const libcamera::ControlInfoMap& offered,
                         const Controls& asked, const std::string& table) {
    for (const auto& [name, value] : asked) {
        const std::string key = table + "." + name;
        const libcamera::ControlId* id = findControl(offered, name);
        if (id == nullptr) return tl::unexpected(unknownControl(offered, key, name));
        const auto converted = convert(*id, value);
        if (!converted) return fail(Errc::kInvalid, fmt::format("{}: expected {}", key, expectation(*id)));
        controls.set(id->id(), *converted);
    }
    return {};
}

}  // namespace

Result<libcamera::ControlList> makeControls(const libcamera::Camera& camera, const CameraConfig& config,
                                            const Controls& own) {
    const libcamera::ControlInfoMap& offered = camera.controls();
    const Controls asked = combined(own, config.controls);
    libcamera::ControlList controls(offered);
    // A camera with a lens that moves starts out of focus, and stays there, unless it is told.
    if (offered.count(&libcamera::controls::AfMode) > 0) {
        controls.set(libcamera::controls::AfMode, libcamera::controls::AfModeContinuous);
    }
    const double exposureMicros = std::clamp(numberOf(asked, "ExposureTime").value_or(0), 0.0, 1e9);
    setFrameRate(controls, offered, config.frameRate, static_cast<std::int64_t>(exposureMicros));
    setManualModes(controls, offered, asked);
    TRY(setControls(controls, offered, config.controls, "camera.controls"));
    TRY(setControls(controls, offered, own, "controls"));
    return controls;
}

void addDefaults(libcamera::ControlList& controls, const libcamera::Camera& camera, const Controls& last) {
    const auto location = camera.properties().get(libcamera::properties::Location);
    if (location != libcamera::properties::CameraLocationExternal) return;  // its algorithms began afresh
    const libcamera::ControlInfoMap& offered = camera.controls();
    const libcamera::ControlId* automatic = findControl(offered, "AeEnable");
    for (const auto& [name, value] : last) {
        const libcamera::ControlId* id = findControl(offered, name);
        if (id == nullptr || controls.contains(id->id())) continue;
        const libcamera::ControlValue& usual = offered.at(id).def();
        const bool isExposure = name == "ExposureTime" || name == "ExposureTimeMode" || name == "AeEnable";
        if (isExposure && automatic != nullptr) {
            // A camera refuses an exposure time, its default too, while its exposure is automatic.
            if (!controls.contains(automatic->id())) controls.set(automatic->id(), libcamera::ControlValue(true));
        } else if (usual.type() == id->type()) {
            controls.set(id->id(), usual);
        }
    }
}

}  // namespace edge
