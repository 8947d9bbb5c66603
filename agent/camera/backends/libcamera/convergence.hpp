// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>

#include "camera/camera.hpp"
#include "camera/controls.hpp"

namespace edge {

/// What libcamera says of its adjustments in the metadata of one frame. Empty: the pipeline does not say. The numbers
/// are those of libcamera's enumerations, which have been the same since 0.0.3.
struct ReportedStates {
    std::optional<std::int32_t> aeState{};   ///< since 0.5, and before as a draft
    std::optional<bool> aeLocked{};          ///< up to 0.4
    std::optional<std::int32_t> awbState{};  ///< a draft
    std::optional<bool> awbLocked{};
    std::optional<std::array<float, 2>> colourGains{};
    std::optional<std::int32_t> afState{};
};

/// What the controls of a stream leave to the camera.
struct AutomaticParts {
    bool exposure = true;
    bool whiteBalance = true;
    bool isFocusContinuous = false;  ///< a lens that is idle has not begun to search yet

    static AutomaticParts of(const Controls& controls, bool hasAutofocus) {
        const auto isOff = [&](const char* name) { return numberOf(controls, name) == 0.0; };
        const auto isGiven = [&](const char* name) { return numberOf(controls, name).value_or(0) > 0; };
        constexpr double kContinuous = 2;
        return {.exposure = !isOff("AeEnable") && !(isGiven("ExposureTime") && isGiven("AnalogueGain")),
                .whiteBalance = !isOff("AwbEnable") && !isGiven("ColourGains") && !isGiven("ColourTemperature"),
                .isFocusContinuous = hasAutofocus && numberOf(controls, "AfMode").value_or(kContinuous) == kContinuous};
    }
};

/// Judges the frames of one stream, one after the other, start-up frames too.
class Convergence {
  public:
    explicit Convergence(const AutomaticParts& automatic) : automatic_(automatic) {}

    [[nodiscard]] Adjustment add(const ReportedStates& states) {
        const bool areGainsSteady = countSteadyGains(states.colourGains) >= kSteadyFrames;
        if (isExposureSearching(states) || isWhiteBalanceSearching(states, areGainsSteady))
            return Adjustment::kSearching;
        if (!states.afState) return Adjustment::kSettled;
        if (*states.afState == kScanning) return Adjustment::kSearching;
        if (*states.afState == kIdle && automatic_.isFocusContinuous) return Adjustment::kSearching;
        return *states.afState == kFocusFailed ? Adjustment::kFailed : Adjustment::kSettled;
    }

    /// A Raspberry Pi does not report the state of its white balance, but the gains of red and blue: they have settled
    /// when they are nearly the same in so many frames in a row.
    static constexpr int kSteadyFrames = 3;
    static constexpr float kSteady = 0.02F;  ///< of the gain

  private:
    static constexpr std::int32_t kIdle = 0;
    static constexpr std::int32_t kSearching = 1;  ///< AeState, AwbState
    static constexpr std::int32_t kScanning = 1;   ///< AfState
    static constexpr std::int32_t kFocusFailed = 3;
    static constexpr std::int32_t kPrecapture = 5;  ///< AeState, as a draft

    [[nodiscard]] bool isExposureSearching(const ReportedStates& states) const {
        if (!automatic_.exposure) return false;
        if (states.aeState) return *states.aeState == kSearching || *states.aeState == kPrecapture;
        return states.aeLocked && !*states.aeLocked;
    }
    [[nodiscard]] bool isWhiteBalanceSearching(const ReportedStates& states, bool areGainsSteady) const {
        if (!automatic_.whiteBalance) return false;
        if (states.awbState) return *states.awbState == kSearching;
        if (states.awbLocked) return !*states.awbLocked;
        return states.colourGains && !areGainsSteady;
    }
    int countSteadyGains(const std::optional<std::array<float, 2>>& gains) {
        const bool isSame = gains && gains_ && isNear((*gains)[0], (*gains_)[0]) && isNear((*gains)[1], (*gains_)[1]);
        steadyFrames_ = isSame ? std::min(steadyFrames_ + 1, kSteadyFrames) : 1;
        gains_ = gains;
        return steadyFrames_;
    }
    static bool isNear(float a, float b) { return std::abs(a - b) <= kSteady * std::abs(b); }

    AutomaticParts automatic_;
    std::optional<std::array<float, 2>> gains_;  ///< of the last frame
    int steadyFrames_ = 0;
};

/// Finds the first frame of a stream that was exposed with the stream's own controls: a pipeline may apply them a few
/// frames late, and says with which exposure each frame was taken, or does not say.
class ControlsDelay {
  public:
    explicit ControlsDelay(const Controls& own)
        : isOver_(own.empty()), exposureMicros_(numberOf(own, "ExposureTime")), gain_(numberOf(own, "AnalogueGain")) {}

    /// Of each frame the exposure in microseconds and the gain, as reported. Returns whether it has the controls.
    [[nodiscard]] bool add(std::optional<double> exposureMicros, std::optional<double> gain) {
        const bool isReported = (exposureMicros_ && exposureMicros) || (gain_ && gain);
        const bool isProven = isReported && isAsAsked(exposureMicros_, exposureMicros) && isAsAsked(gain_, gain);
        isOver_ = isOver_ || isProven || frames_ == kFrames;
        ++frames_;
        return isOver_;
    }

    /// More than a pipeline is late. Also ends the wait for an exposure that the sensor has rounded or cut.
    static constexpr int kFrames = 3;

  private:
    static bool isAsAsked(std::optional<double> asked, std::optional<double> reported) {
        constexpr double kTolerance = 0.05;  // sensors round to whole lines
        return !asked || !reported || std::abs(*asked - *reported) <= kTolerance * *asked;
    }

    bool isOver_;
    std::optional<double> exposureMicros_;
    std::optional<double> gain_;
    int frames_ = 0;
};

}  // namespace edge
