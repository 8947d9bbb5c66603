// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "camera/daemon/capture_pipeline.hpp"
#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/scope.hpp"
#include "image/jpeg/jpeg.hpp"
#include "image/pixels/motion_detector.hpp"

namespace edge {

/// Compares a frame every camera.motion.interval, that of a capture where there is one, and reports when something
/// begins to move and when nothing has moved for camera.motion.cool_down. Keeps the last camera.motion.before of these
/// frames as small pictures. Thread: the loop's.
class MotionWatch {
  public:
    /// What was compared before the frame in which something moves, the oldest first.
    using Before = std::deque<FinishedPicture>;

    /// `strand` compares the frames. `changed` gets every change.
    MotionWatch(Loop& loop, CapturePipeline& pipeline, std::shared_ptr<Executor> strand, const CameraConfig& config,
                std::function<void(bool isMoving, const Before& before)> changed);
    ~MotionWatch();

    /// Harmless when it was started already.
    void start();
    /// Then nothing moves.
    void stop();
    [[nodiscard]] bool isMoving() const { return isMoving_; }

    /// A camera that was just started finds its exposure first: until then everything seems to move.
    static constexpr seconds kSettle{2};
    /// In a row, before they are reported.
    static constexpr int kMaxDamagedFrames = 10;
    static constexpr int kBeforeWidth = 320;  ///< pixels, of a picture from before

  private:
    void look();
    void compare(const Frame& frame, Transform remaining);
    [[nodiscard]] RenderOptions optionsFor(const Frame& frame, Transform remaining) const;
    void evaluate(const Result<double>& share);
    void keep(Result<RenderedJpeg> picture, WallTime exposureStart);
    void set(bool isMoving);

    Loop& loop_;
    CapturePipeline& pipeline_;
    std::shared_ptr<Executor> strand_;
    std::shared_ptr<MotionDetector> detector_;  ///< used on the strand only
    std::shared_ptr<JpegRenderer> renderer_;    ///< on the strand, too
    MotionConfig config_;
    const std::vector<PictureArea> masks_;
    double threshold_;
    std::function<void(bool, const Before&)> changed_;
    Before before_;
    bool isWatching_ = false;
    bool isComparing_ = false;
    bool isMoving_ = false;
    bool isErrorLogged_ = false;
    int failures_ = 0;  ///< in a row
    int width_ = 0;     ///< of the last frame: another size, or counting from the start, is another stream
    int height_ = 0;
    std::uint32_t sequence_ = 0;
    SteadyTime settledAt_{};
    Timer next_;
    Timer coolDown_;
    Scope scope_;
};

}  // namespace edge
