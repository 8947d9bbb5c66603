// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <vector>

#include "core/result.hpp"
#include "image/frame.hpp"
#include "image/pixels/transform.hpp"

namespace edge {

/// A part of the picture as people see it, in per cent of its width and height.
struct MotionArea {
    int left = 0;
    int top = 0;
    int width = 100;
    int height = 100;

    bool operator==(const MotionArea&) const = default;
};

/// Compares each frame, as a small grey picture, with a background that learns slowly from the frames before it. Keeps
/// its memory; one object a strand.
class MotionDetector {
  public:
    /// `areas` are those of the picture as people see it; empty = all of it.
    explicit MotionDetector(std::vector<MotionArea> areas);
    ~MotionDetector();

    /// The share of the areas that has changed, 0 … 1. `transform` makes of the frame what people see. 0 for the first
    /// frame, and for the first one of another size. Errors: as JpegRenderer::render().
    Result<double> changedShare(const FrameView& frame, Transform transform);

    /// From which share on it is motion: sensitivity 1 … 100 is 10 % … 0.1 %, the same factor from each to the next.
    [[nodiscard]] static double threshold(int sensitivity);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace edge
