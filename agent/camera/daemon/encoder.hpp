// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "camera/camera.hpp"
#include "core/loop/executor.hpp"
#include "core/loop/loop.hpp"
#include "image/jpeg/jpeg.hpp"

namespace edge {

/// Renders frames on strands of their own, a few at a time. Thread: the loop's; results come on the loop.
class EncoderPool {
  public:
    using Done = std::function<void(Result<RenderedJpeg>)>;
    enum class Where { kHere, kStrand };

    /// One encoder a strand. Buffers are made when an encoder is first needed.
    EncoderPool(Loop& loop, std::vector<std::shared_ptr<Executor>> strands);
    ~EncoderPool();

    [[nodiscard]] bool isFree() const;
    /// Only when isFree(). `deadline` is for oldestDeadline() alone: an encoder cannot be interrupted. kHere: inside
    /// this call, on the loop; `done` comes later all the same.
    void encode(Frame frame, RenderOptions options, SteadyTime deadline, Where where, Done done);
    /// The earliest deadline among the encoders at work; SteadyTime::max() when there is none.
    [[nodiscard]] SteadyTime oldestDeadline() const;

  private:
    struct Encoder;
    struct Job;
    static void render(Encoder& encoder, Job& job);
    /// Apart from the encoder, which what waits on the strand holds.
    struct Seat {
        std::shared_ptr<Executor> strand;
        std::shared_ptr<Encoder> encoder;
    };
    Loop& loop_;
    std::vector<Seat> seats_;
    std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace edge
