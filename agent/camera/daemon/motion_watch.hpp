// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "camera/daemon/capture_pipeline.hpp"
#include "config/config.hpp"
#include "core/loop/loop.hpp"

namespace edge {

/// Looks at a frame every camera.motion.interval, between the captures and at theirs, and says when something moves and
/// when nothing has for camera.motion.cool_down. Thread: the loop's.
class MotionWatch {
  public:
    /// `strand` compares the frames. `changed` gets every change.
    MotionWatch(Loop& loop, CapturePipeline& pipeline, std::shared_ptr<Executor> strand, const MotionConfig& config,
                std::function<void(bool isMoving)> changed);
    ~MotionWatch();

    /// Begins to look; harmless when it does already.
    void start();
    /// Looks no more; nothing moves then.
    void stop();
    [[nodiscard]] bool isMoving() const { return isMoving_; }

    /// A camera that was just started finds its exposure first: until then everything seems to move.
    static constexpr seconds kSettle{2};
    /// In a row, before they are reported.
    static constexpr int kMaxDamagedFrames = 10;

  private:
    struct Worker;

    void look();
    void compare(const Frame& frame, Orientation remaining);
    void judge(const Result<double>& share);
    void set(bool isMoving);

    Loop& loop_;
    CapturePipeline& pipeline_;
    std::shared_ptr<Executor> strand_;
    std::shared_ptr<Worker> worker_;
    MotionConfig config_;
    double threshold_;
    std::function<void(bool)> changed_;
    bool isWatching_ = false;
    bool isComparing_ = false;
    bool isMoving_ = false;
    bool hasComplained_ = false;
    int failures_ = 0;  ///< in a row
    int width_ = 0;     ///< of the last frame: another size, or counting from the start, is another stream
    int height_ = 0;
    std::uint32_t sequence_ = 0;
    SteadyTime settledAt_{};
    Timer next_;
    Timer calm_;
    std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace edge
