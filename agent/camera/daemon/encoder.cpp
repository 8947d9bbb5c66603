// SPDX-License-Identifier: MIT
#include "camera/daemon/encoder.hpp"

#include <algorithm>

namespace edge {

struct EncoderPool::Encoder {
    std::unique_ptr<JpegRenderer> renderer;  ///< used by whoever made it busy
    bool isBusy = false;
    SteadyTime deadline{};
};

struct EncoderPool::Job {
    Frame frame;
    RenderOptions options;
    Done done;
    Result<RenderedJpeg> result = fail(Errc::kCancelled, "not encoded");
};

EncoderPool::EncoderPool(Loop& loop, std::vector<std::shared_ptr<Executor>> strands) : loop_(loop) {
    for (auto& strand : strands) seats_.push_back({std::move(strand), std::make_shared<Encoder>()});
}

EncoderPool::~EncoderPool() = default;

bool EncoderPool::isFree() const {
    return std::any_of(seats_.begin(), seats_.end(), [](const Seat& seat) { return !seat.encoder->isBusy; });
}

void EncoderPool::render(Encoder& encoder, Job& job) {
    if (!encoder.renderer) encoder.renderer = std::make_unique<JpegRenderer>();
    job.result = encoder.renderer->render(job.frame.view, job.options);
}

void EncoderPool::encode(Frame frame, RenderOptions options, SteadyTime deadline, Where where, Done done) {
    const auto seat = std::find_if(seats_.begin(), seats_.end(), [](const Seat& s) { return !s.encoder->isBusy; });
    std::shared_ptr<Encoder> encoder = seat->encoder;
    encoder->isBusy = true;
    encoder->deadline = deadline;

    auto job = std::make_shared<Job>(Job{std::move(frame), std::move(options), std::move(done)});
    // Both are moved, not copied, from one task to the next: the frame's lease must end on the loop.
    const auto finish = [](Loop& loop, std::shared_ptr<Encoder> used, std::shared_ptr<Job> finished,
                           std::weak_ptr<int> alive) {
        loop.post([encoder = std::move(used), job = std::move(finished), alive = std::move(alive)] {
            if (alive.expired()) return;
            encoder->isBusy = false;
            job->frame = {};
            job->done(std::move(job->result));
        });
    };
    if (where == Where::kHere) {
        render(*encoder, *job);
        return finish(loop_, std::move(encoder), std::move(job), alive_);
    }
    seat->strand->post([&loop = loop_, finish, encoder, job = std::move(job), alive = std::weak_ptr(alive_)]() mutable {
        render(*encoder, *job);
        finish(loop, std::move(encoder), std::move(job), std::move(alive));
    });
}

SteadyTime EncoderPool::oldestDeadline() const {
    SteadyTime oldest = SteadyTime::max();
    for (const Seat& seat : seats_) {
        if (seat.encoder->isBusy) oldest = std::min(oldest, seat.encoder->deadline);
    }
    return oldest;
}

}  // namespace edge
