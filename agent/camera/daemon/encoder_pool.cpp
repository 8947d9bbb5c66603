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

struct Job {
    Frame frame;
    RenderOptions options;
    Result<RenderedJpeg> result = fail(Errc::kCancelled, "not encoded");
};

}  // namespace

EncoderPool::EncoderPool(Loop& loop, const std::vector<std::shared_ptr<Executor>>& strands) : loop_(loop) {
    for (const auto& strand : strands) encoders_.push_back({strand, nullptr, false, {}});
}

bool EncoderPool::isFree() const {
    return std::any_of(encoders_.begin(), encoders_.end(), [](const Encoder& encoder) { return !encoder.isBusy; });
}

void EncoderPool::encode(Frame frame, RenderOptions options, SteadyTime deadline, Done done) {
    const auto isFree = [](const Encoder& encoder) { return !encoder.isBusy; };
    Encoder& encoder = *std::find_if(encoders_.begin(), encoders_.end(), isFree);
    if (!encoder.renderer) encoder.renderer = std::make_shared<JpegRenderer>();
    if (frame.view.width * frame.view.height <= kEncodedOnLoop) {
        auto result = encoder.renderer->render(frame.view, options);
        frame = {};  // gives the buffer back
        return done(std::move(result));
    }
    encoder.isBusy = true;
    encoder.deadline = deadline;
    // The job is moved from task to task, never copied: the frame's lease must end on the loop.
    auto job = std::make_shared<Job>(Job{std::move(frame), std::move(options)});
    runOn(
        *encoder.strand, loop_, scope_,
        [renderer = encoder.renderer, job = std::move(job)]() mutable {
            job->result = renderer->render(job->frame.view, job->options);
            return std::move(job);
        },
        [&encoder, done = std::move(done)](const std::shared_ptr<Job>& finished) {
            encoder.isBusy = false;
            finished->frame = {};
            done(std::move(finished->result));
        });
}

SteadyTime EncoderPool::oldestDeadline() const {
    SteadyTime oldest = SteadyTime::max();
    for (const Encoder& encoder : encoders_) {
        if (encoder.isBusy) oldest = std::min(oldest, encoder.deadline);
    }
    return oldest;
}

}  // namespace edge
