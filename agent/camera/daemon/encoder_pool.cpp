// SPDX-License-Identifier: MIT
#include "camera/daemon/encoder_pool.hpp"

#include <algorithm>
#include <utility>

namespace edge {
namespace {

/// A picture of so few pixels is encoded on the loop: in a millisecond, or ten on the slowest Pi, faster than any
/// camera has the next frame. The way to another thread and back, with none of the frame in its cache, costs a fifth of
/// that.
constexpr int kEncodedOnLoop = 640 * 480;

}  // namespace

EncoderPool::EncoderPool(Loop& loop, const std::vector<std::shared_ptr<Executor>>& strands) : loop_(loop) {
    for (const auto& strand : strands) encoders_.push_back({strand, nullptr, false});
}

bool EncoderPool::isFree(std::ptrdiff_t count) const {
    const auto isFree = [](const Encoder& encoder) { return !encoder.isBusy; };
    return std::count_if(encoders_.begin(), encoders_.end(), isFree) >= count;
}

void EncoderPool::encode(Frame frame, RenderOptions options, Done done) {
    const auto isFree = [](const Encoder& encoder) { return !encoder.isBusy; };
    Encoder& encoder = *std::find_if(encoders_.begin(), encoders_.end(), isFree);
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

}  // namespace edge
