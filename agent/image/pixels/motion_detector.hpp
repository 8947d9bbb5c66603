// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "core/result.hpp"
#include "image/frame.hpp"
#include "image/jpeg/frame_reader.hpp"
#include "image/pixels/pixel_ops.hpp"
#include "image/pixels/transform.hpp"

namespace edge {

/// Compares each frame, as a small grey picture, with a background that learns slowly from the frames before it. A
/// change of the light as a whole (a lamp, a cloud, a step of the exposure) is taken out first: the background becomes
/// brighter or darker by the median of what its pixels do. Keeps its memory; one object a strand.
class MotionDetector {
  public:
    /// `areas` are those of the picture as people see it; empty = all of it. `masks` are black.
    explicit MotionDetector(std::vector<PictureArea> areas, std::vector<PictureArea> masks = {});

    /// The share of the areas that has changed, 0 … 1. `transform` makes of the frame what people see. 0 for the first
    /// frame, and for the first one of another size. Errors: those of FrameReader::read().
    Result<double> changedShare(const FrameView& frame, Transform transform);

    /// From which share on it is motion: sensitivity 1 … 100 is 10 % … 0.1 %, the same factor from each to the next.
    [[nodiscard]] static double threshold(int sensitivity);

  private:
    /// How a pixel takes part.
    enum class Role : std::uint8_t { kHidden, kSeen, kCounted };

    void shape(int frameWidth, int frameHeight, Transform transform);
    void fill(const PictureArea& area, Role role);
    [[nodiscard]] float gainOfLight();
    double compare();
    void startOver();

    const std::vector<PictureArea> areas_;
    const std::vector<PictureArea> masks_;
    FrameReader reader_;
    Transform transform_;
    int frameWidth_ = 0;
    int frameHeight_ = 0;
    bool isFresh_ = true;  ///< there is no background yet
    Pixels small_;
    Pixels seen_;  ///< small_, as people see it
    std::vector<std::uint8_t> smallBytes_;
    std::vector<std::uint8_t> seenBytes_;
    Pixels smooth_;
    std::vector<std::uint8_t> smoothBytes_;
    std::vector<Role> roles_;
    std::vector<float> background_;  ///< goes on above 255 where the picture is cut
    std::vector<float> slack_;       ///< by how much a pixel may be off because of the light
    std::vector<float> ratios_;
};

}  // namespace edge
