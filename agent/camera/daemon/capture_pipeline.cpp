// SPDX-License-Identifier: MIT
#include "camera/daemon/capture_pipeline.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "config/load.hpp"
#include "core/system/log.hpp"
#include "core/time/time.hpp"
#include "core/version.hpp"

namespace edge {
namespace {

WallTime toWallTime(BootTime time, WallTime wallNow) {
    return wallNow - std::chrono::duration_cast<WallTime::duration>(bootTimeNow() - time);
}

/// Says so where the camera's picture has fewer pixels than the requested one.
std::string enlargement(const Capture& capture, const FrameView& view, Transform transform) {
    const auto [width, height] =
        transform.transpose ? std::pair(view.height, view.width) : std::pair(view.width, view.height);
    if (width >= capture.width && height >= capture.height) return {};
    return fmt::format("the camera gives {}x{}, enlarged to {}x{}", width, height, capture.width, capture.height);
}

}  // namespace

CapturePipeline::CapturePipeline(Loop& loop, Camera& camera, const std::vector<std::shared_ptr<Executor>>& strands,
                                 const Config& config, Events events)
    : loop_(loop),
      camera_(camera),
      config_(config),
      events_(std::move(events)),
      encoders_(loop, strands),
      stream_(loop, camera, config.camera) {}

std::uint64_t CapturePipeline::capture(Capture capture, Done done) {
    capture.notBefore = std::min(capture.notBefore, bootTimeNow());  // no frame is from the future
    const std::uint64_t ticket = nextTicket_++;
    Job job;
    job.ticket = ticket;
    job.capture = capture;
    job.done = std::move(done);
    const nanoseconds left = capture.deadline - bootTimeNow();
    job.timer = loop_.after(left, [this, ticket] { timeOut(ticket); });
    // Half of its time is left for the frame and its encoding.
    job.settleUntil = loop_.clock().now() + std::chrono::duration_cast<SteadyTime::duration>(left / 2);
    if (!capture.controls.empty()) {
        if (const auto valid = camera_.check(capture.controls); !valid && valid.error().code == Errc::kInvalid) {
            job.stage = Stage::kDone;
            job.result = tl::unexpected(valid.error());
        }
    }
    jobs_.push_back(std::move(job));
    scheduleAdvance();
    return ticket;
}

void CapturePipeline::verify(milliseconds limit, Done done) {
    Capture capture;
    capture.width = config_.camera.width;
    capture.height = config_.camera.height;
    capture.notBefore = bootTimeNow();
    capture.deadline = capture.notBefore + limit;
    this->capture(capture, std::move(done));
    jobs_.back().isForFrame = true;
}

void CapturePipeline::cancel(std::uint64_t ticket) {
    std::erase_if(jobs_, [ticket](const Job& job) { return job.ticket == ticket; });
    scheduleAdvance();
}

void CapturePipeline::warmUp() {
    const auto started = stream_.ensure({config_.camera.width, config_.camera.height});
    if (!started) events_.broken(started.error());
}

void CapturePipeline::look(Look look) {
    look_ = std::move(look);
    scheduleAdvance();
}

void CapturePipeline::scheduleAdvance() {
    loop_.post(scope_.wrap([this] { advance(); }));
}

void CapturePipeline::advance() {
    deliver();
    const Job* live = encoders_.isFree() ? firstWaiting(Kind::kLive) : nullptr;
    if (const Job* job = firstWaiting(Kind::kCapture)) {
        // A frame for a look alone may have been exposed too early for this capture: its demand is replaced, as is that
        // of a cancelled one with other controls.
        const Capture& capture = job->capture;
        const bool isCaptureDemanded = isDemanding() && !demand_->isForLook && stream_.controls() == capture.controls;
        if (!isCaptureDemanded && encoders_.isFree())
            demandFrame({capture.width, capture.height}, capture.controls, capture.notBefore, false);
    } else if ((look_ || live != nullptr) && !(isDemanding() && stream_.controls().empty())) {
        demandForLook(live);
    } else if (jobs_.empty() && !look_) {
        const auto pause = std::chrono::duration_cast<milliseconds>(liveUntil_ - loop_.clock().now());
        stream_.release(std::max(pause, milliseconds{0}));
    }
}

void CapturePipeline::demandForLook(const Job* live) {
    if (look_) streamUsedAt_ = loop_.clock().now();
    // At the size that is streamed: starting again would cost the next capture its time.
    const auto streamed = stream_.size().value_or(std::pair(config_.camera.width, config_.camera.height));
    demandFrame(live == nullptr ? streamed : sizeFor(live->capture), {}, live == nullptr ? bootTimeNow() : liveExposed_,
                true);
}

/// A stream that a capture or a look has used lately is left as it is, if it is large enough.
std::pair<int, int> CapturePipeline::sizeFor(const Capture& live) const {
    const auto streamed = stream_.size();
    const auto unused = std::chrono::duration_cast<milliseconds>(loop_.clock().now() - streamUsedAt_);
    const bool isKept = unused <= config_.camera.keepWarm;
    const bool isLarge = streamed && streamed->first >= live.width && streamed->second >= live.height;
    return isKept && isLarge ? *streamed : std::pair(live.width, live.height);
}

void CapturePipeline::demandFrame(std::pair<int, int> size, const Controls& controls, BootTime notBefore,
                                  bool isForLook) {
    // Masks are parts of this frame: at another size the camera may show another part of the scene.
    const std::pair configured(config_.camera.width, config_.camera.height);
    const auto started = stream_.ensure(config_.camera.masks.empty() ? size : configured, controls);
    if (!started) return cameraFailed(started.error());
    demand_ = Demand{loop_.clock().now(), size, isForLook};
    camera_.nextFrame(notBefore, [this](Result<Frame> frame) { takeFrame(std::move(frame)); });
    if (!isForLook) {
        streamUsedAt_ = loop_.clock().now();
        return lookTimer_.cancel();
    }
    lookTimer_ = loop_.after(silenceLimit(expectedFrame()), [this] {
        if (!isDemanding()) return;
        look_ = {};
        cameraSilent();
    });
}

void CapturePipeline::takeFrame(Result<Frame> frame) {
    const auto size = std::exchange(demand_, std::nullopt)->size;
    lookTimer_.cancel();
    if (!frame) {
        stream_.stop();
        return cameraFailed(frame.error());
    }
    scheduleAdvance();
    silences_ = 0;
    if (!frame->isStartup) {
        events_.working();
        stream_.frameSeen(frame->adjustment);
        if (stream_.controls().empty()) {
            if (const Look look = std::exchange(look_, nullptr)) look(*frame, stream_.remaining());
        }
    }
    if (Job* job = firstWaiting(Kind::kCapture)) serve(*job, *frame, size);
    Job* live = firstWaiting(Kind::kLive);
    const bool isFree = encoders_.isFree(firstWaiting(Kind::kCapture) == nullptr ? 1 : 2);
    const bool isUsual = !frame->isStartup && stream_.controls().empty();
    if (live == nullptr || !isFree || !isUsual || frame->exposureStart <= liveExposed_) return;
    liveUntil_ = loop_.clock().now() + kLivePause;
    liveExposed_ = frame->exposureStart;
    encode(*live, std::move(*frame));
}

/// The capture that the frame was taken for may be gone, and the next one may have been requested later, or at another
/// size.
void CapturePipeline::serve(Job& job, const Frame& frame, std::pair<int, int> size) {
    const Capture& capture = job.capture;
    const bool fits = frame.exposureStart > capture.notBefore && size == std::pair(capture.width, capture.height) &&
                      stream_.controls() == capture.controls;
    if (job.isForFrame) {
        if (fits || frame.isStartup) complete(job.ticket, FinishedPicture{});  // the camera works
    } else if (fits && !frame.isStartup && !mustSettle(job, frame) && encoders_.isFree()) {
        encode(job, frame);
    }
}

bool CapturePipeline::mustSettle(const Job& job, const Frame& frame) const {
    const bool isSearching = frame.adjustment == Adjustment::kSearching;
    return job.capture.settle && isSearching && stream_.isSettling() && loop_.clock().now() < job.settleUntil;
}

void CapturePipeline::encode(Job& job, Frame frame) {
    job.stage = Stage::kEncoding;
    job.exposed = frame.exposureStart;
    job.received = bootTimeNow();
    const WallTime exposureStart = toWallTime(frame.exposureStart, loop_.clock().wallNow());
    const std::string enlarged = enlargement(job.capture, frame.view, stream_.remaining());
    const bool isSettled = frame.adjustment == Adjustment::kSettled;
    RenderOptions options = optionsFor(job.capture, frame, exposureStart);
    encoders_.encode(
        std::move(frame), std::move(options),
        [this, ticket = job.ticket, exposureStart, enlarged, isSettled](Result<RenderedJpeg> rendered) {
            if (!rendered && rendered.error().code == Errc::kFault) return frameDamaged(ticket, rendered.error());
            if (!rendered) return complete(ticket, tl::unexpected(rendered.error()));
            if (!enlarged.empty()) {
                rendered->reduced = rendered->reduced.empty() ? enlarged : enlarged + "; " + rendered->reduced;
            }
            complete(ticket, FinishedPicture{std::move(*rendered), exposureStart, stream_.model(), isSettled});
        });
}

RenderOptions CapturePipeline::optionsFor(const Capture& capture, const Frame& frame, WallTime exposureStart) const {
    RenderOptions options;
    options.width = capture.width;
    options.height = capture.height;
    options.transform = stream_.remaining();
    options.quality = capture.quality;
    options.masks = masksAsSeen(config_.camera);
    options.maxBytes = static_cast<std::size_t>(capture.maxBytes);
    if (config_.image.timestamp) options.overlay = drawnName(config_.device) + " " + formatLocalTime(exposureStart);
    options.exif.time = exposureStart;
    options.exif.model = stream_.model();
    options.exif.software = fmt::format("pi-edge-agent {}", kVersion);
    options.exif.exposureSeconds = frame.exposureSeconds;
    options.exif.analogueGain = frame.analogueGain;
    return options;
}

void CapturePipeline::timeOut(std::uint64_t ticket) {
    Job* job = find(ticket);
    if (job == nullptr || job->stage == Stage::kDone) return;
    const bool isSilence = !job->capture.isLive && job->stage == Stage::kWaiting && isDemanding() &&
                           loop_.clock().now() - demand_->since >= silenceLimit(expectedFrame());
    std::string message = "the camera gave no picture in time";
    const milliseconds exposure = longestFrame(config_.camera, job->capture.controls);
    if (exposure >= seconds{1}) {
        message += fmt::format(": with frames of {}, allow a timeout of at least {}", formatDuration(exposure),
                               formatDuration(2 * exposure + seconds{1}));
    }
    if (job->damagedFrames > 0) message = "the camera gave only damaged pictures in time; the last: " + job->damage;
    if (job->stage == Stage::kEncoding) message = "the picture could not be encoded in time; ask for a smaller one";
    const Done done = std::move(job->done);
    cancel(ticket);
    done(fail(Errc::kTimeout, message));  // out of order: its time is over now
    if (isSilence) cameraSilent();
}

void CapturePipeline::cameraSilent() {
    const milliseconds limit = silenceLimit(expectedFrame());
    stream_.stop();
    scheduleAdvance();
    events_.broken({Errc::kTimeout, fmt::format("the camera streams, but has given no frame for {}: check its cable",
                                                formatDuration(limit))});
    if (++silences_ >= kMaxSilences) events_.hopeless();
}

void CapturePipeline::cameraFailed(const Error& error) {
    look_ = {};
    events_.broken(error);
    failWaiting(error);
}

void CapturePipeline::cameraLost(const Error& error) {
    stream_.stop();
    failWaiting(error);
}

void CapturePipeline::failWaiting(const Error& error) {
    for (Job& job : jobs_) {
        if (job.stage != Stage::kWaiting) continue;
        job.stage = Stage::kDone;
        job.result = tl::unexpected(error);
    }
    scheduleAdvance();
}

void CapturePipeline::frameDamaged(std::uint64_t ticket, const Error& error) {
    scheduleAdvance();
    Job* job = find(ticket);
    if (job == nullptr) return;
    log::debug("skipped a damaged frame: {}", error.message);
    if (++job->damagedFrames == kMaxDamagedFrames) {
        return complete(ticket, fail(Errc::kFault,
                                     "the camera gives only damaged pictures: check its cable and power; "
                                     "the last: " +
                                         error.message));
    }
    job->damage = error.message;
    job->stage = Stage::kWaiting;
}

void CapturePipeline::complete(std::uint64_t ticket, Result<FinishedPicture> result) {
    scheduleAdvance();
    Job* job = find(ticket);
    if (job == nullptr) return;
    job->stage = Stage::kDone;
    job->result = std::move(result);
    job->encoded = bootTimeNow();
}

void CapturePipeline::deliver() {
    // In order; live pictures as they come. A handler may cancel others.
    const auto next = [this] {
        bool isFirst = true;
        return std::find_if(jobs_.begin(), jobs_.end(), [&isFirst](const Job& job) {
            const bool mayGo = job.capture.isLive || std::exchange(isFirst, false);
            return mayGo && job.stage == Stage::kDone;
        });
    };
    for (auto it = next(); it != jobs_.end(); it = next()) {
        const Job job = std::move(*it);
        jobs_.erase(it);
        if (!job.isForFrame && !job.capture.isLive && job.result && log::enabled(log::Level::kDebug)) logTimings(job);
        job.done(job.result);
    }
}

void CapturePipeline::logTimings(const Job& job) {
    const auto between = [](BootTime from, BootTime to) {
        return std::chrono::duration<double, std::milli>(to - from).count();
    };
    log::debug(
        "a picture of {}x{}: its exposure began {:.1f} ms after the command, its frame came {:.1f} ms later, encoding "
        "took {:.1f} ms, its turn came {:.1f} ms later",
        job.capture.width, job.capture.height, between(job.capture.notBefore, job.exposed),
        between(job.exposed, job.received), between(job.received, job.encoded), between(job.encoded, bootTimeNow()));
}

CapturePipeline::Job* CapturePipeline::find(std::uint64_t ticket) {
    const auto it = std::find_if(jobs_.begin(), jobs_.end(), [ticket](const Job& job) { return job.ticket == ticket; });
    return it == jobs_.end() ? nullptr : &*it;
}

CapturePipeline::Job* CapturePipeline::firstWaiting(Kind kind) {
    const auto it = std::find_if(jobs_.begin(), jobs_.end(), [kind](const Job& job) {
        return job.stage == Stage::kWaiting && job.capture.isLive == (kind == Kind::kLive);
    });
    return it == jobs_.end() ? nullptr : &*it;
}

}  // namespace edge
