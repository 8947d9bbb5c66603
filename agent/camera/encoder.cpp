// SPDX-License-Identifier: MIT
#include "camera/encoder.hpp"

#include <algorithm>

namespace edge {

struct EncoderPool::Encoder {
    std::unique_ptr<JpegRenderer> renderer;  ///< used on the strand alone
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

bool EncoderPool::isIdle() const {
    return std::none_of(seats_.begin(), seats_.end(), [](const Seat& seat) { return seat.encoder->isBusy; });
}

void EncoderPool::encode(Frame frame, RenderOptions options, SteadyTime deadline, Done done) {
    const auto seat = std::find_if(seats_.begin(), seats_.end(), [](const Seat& s) { return !s.encoder->isBusy; });
    std::shared_ptr<Encoder> encoder = seat->encoder;
    encoder->isBusy = true;
    encoder->deadline = deadline;

    auto job = std::make_shared<Job>(Job{std::move(frame), std::move(options), std::move(done)});
    seat->strand->post([&loop = loop_, encoder, job = std::move(job), alive = std::weak_ptr(alive_)]() mutable {
        if (!encoder->renderer) encoder->renderer = std::make_unique<JpegRenderer>();
        job->result = encoder->renderer->render(job->frame.view, job->options);
        // Moved, not copied: the frame's lease must end on the loop.
        loop.post([encoder = std::move(encoder), job = std::move(job), alive = std::move(alive)] {
            if (alive.expired()) return;
            encoder->isBusy = false;
            job->frame = {};
            job->done(std::move(job->result));
        });
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
