// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "camera/camera.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/scope.hpp"
#include "image/jpeg/jpeg.hpp"

namespace edge {

/// Renders frames on strands of their own, a few at a time. Thread: the loop's, `done` too.
class EncoderPool {
  public:
    using Done = std::function<void(Result<RenderedJpeg>)>;

    /// One encoder a strand. Buffers are made when an encoder is first needed.
    EncoderPool(Loop& loop, const std::vector<std::shared_ptr<Executor>>& strands) : loop_(loop) {
        for (const auto& strand : strands) encoders_.push_back({strand, nullptr, false});
    }

    /// At least `count` encoders are.
    [[nodiscard]] bool isFree(std::ptrdiff_t count = 1) const {
        return std::count_if(encoders_.begin(), encoders_.end(), std::not_fn(&Encoder::isBusy)) >= count;
    }
    /// Only when isFree(). A small picture is rendered inside this call, and `done` is called inside it.
    void encode(Frame frame, RenderOptions options, Done done) {
        Encoder& encoder = *std::find_if(encoders_.begin(), encoders_.end(), std::not_fn(&Encoder::isBusy));
        if (!encoder.renderer) encoder.renderer = std::make_shared<JpegRenderer>();
        if (frame.view.width * frame.view.height <= kEncodedOnLoop) {
            auto result = encoder.renderer->render(frame.view, options);
            frame = {};  // gives the buffer back
            return done(std::move(result));
        }
        encoder.isBusy = true;
        // The frame is moved from task to task, never copied: its lease must end on the loop.
        runOn(
            *encoder.strand, loop_, scope_,
            [renderer = encoder.renderer, options = std::move(options),
             shared = std::make_shared<Frame>(std::move(frame))]() mutable {
                auto result = renderer->render(shared->view, options);
                return std::pair(std::move(shared), std::move(result));
            },
            [&encoder, done = std::move(done)](std::pair<std::shared_ptr<Frame>, Result<RenderedJpeg>> finished) {
                encoder.isBusy = false;
                finished.first.reset();
                done(std::move(finished.second));
            });
    }

  private:
    /// A picture of so few pixels is encoded on the loop: in a millisecond, or ten on the slowest Pi, faster than any
    /// camera has the next frame. The way to another thread and back, with none of the frame in its cache, costs a
    /// fifth of that.
    static constexpr int kEncodedOnLoop = 640 * 480;

    struct Encoder {
        std::shared_ptr<Executor> strand;
        std::shared_ptr<JpegRenderer> renderer;  ///< shared with the task on the strand
        bool isBusy = false;
    };

    Loop& loop_;
    std::vector<Encoder> encoders_;
    Scope scope_;
};

}  // namespace edge
