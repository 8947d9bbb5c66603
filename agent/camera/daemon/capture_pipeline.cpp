// SPDX-License-Identifier: MIT
#include "camera/daemon/capture_pipeline.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "config/load.hpp"
#include "core/format.hpp"
#include "core/system/log.hpp"
#include "core/version.hpp"

namespace edge {
namespace {

/// A picture of so few pixels is encoded on the loop: in a millisecond, or ten on the slowest Pi, faster than any
/// camera has the next frame. The way to another thread and back, with none of the frame in its cache, costs a fifth of
/// that.
constexpr int kEncodedHere = 640 * 480;

WallTime toWallTime(BootTime time, WallTime wallNow) {
    return wallNow - std::chrono::duration_cast<WallTime::duration>(bootTimeNow() - time);
}

/// Says so where the camera's picture has fewer pixels than were asked for.
std::string enlargement(const Capture& capture, const FrameView& view, int rotation) {
    const int width = isQuarterTurn(rotation) ? view.height : view.width;
    const int height = isQuarterTurn(rotation) ? view.width : view.height;
    if (width >= capture.width && height >= capture.height) return {};
    return fmt::format("the camera gives {}x{}, enlarged to {}x{}", width, height, capture.width, capture.height);
}

}  // namespace

CapturePipeline::CapturePipeline(Loop& loop, Camera& camera, EncoderPool& encoders, const Config& config, Events events)
    : loop_(loop),
      camera_(camera),
      encoders_(encoders),
      config_(config),
      events_(std::move(events)),
      keeper_(loop, camera, config.camera, [this] {
          isDemanding_ = false;
          events_.quiet();
      }) {}

std::uint64_t CapturePipeline::capture(const Capture& capture, Done done) {
    Job job;
    job.capture = capture;
    job.notBefore = std::min(capture.notBefore, bootTimeNow());  // no frame is from the future
    job.done = std::move(done);
    return add(std::move(job), std::chrono::duration_cast<milliseconds>(capture.deadline - bootTimeNow()));
}

std::uint64_t CapturePipeline::verify(milliseconds limit, Done done) {
    Job job;
    job.notBefore = bootTimeNow();
    job.done = std::move(done);
    return add(std::move(job), limit);
}

std::uint64_t CapturePipeline::add(Job job, milliseconds limit) {
    const std::uint64_t ticket = nextTicket_++;
    job.ticket = ticket;
    job.deadline = loop_.clock().now() + limit;
    job.timer = loop_.at(job.deadline, [this, ticket] { timeOut(ticket); });
    jobs_.push_back(std::move(job));
    scheduleAdvance();
    return ticket;
}

void CapturePipeline::cancel(std::uint64_t ticket) {
    std::erase_if(jobs_, [ticket](const Job& job) { return job.ticket == ticket; });
    scheduleAdvance();
}

void CapturePipeline::warmUp() {
    const auto started = keeper_.ensure(config_.camera.width, config_.camera.height);
    if (!started) events_.broken(started.error());
}

void CapturePipeline::scheduleAdvance() {
    if (std::exchange(isAdvancing_, true)) return;
    loop_.post([this, alive = std::weak_ptr(alive_)] {
        if (alive.expired()) return;
        isAdvancing_ = false;
        advance();
    });
}

void CapturePipeline::advance() {
    deliver();
    const Job* job = firstWaiting();
    if (look_ && job == nullptr && !isDemanding_) return demandLook();
    if (jobs_.empty()) return look_ ? void() : keeper_.release();
    // A frame for a look alone may have been exposed too early for this capture: another one is demanded in its place.
    if (job == nullptr || (isDemanding_ && !isLookDemanded_) || !encoders_.isFree()) return;
    const auto [width, height] = sizeOf(*job);
    const auto started = keeper_.ensure(width, height);
    if (!started) {
        events_.broken(started.error());
        return failWaiting(started.error());
    }
    remaining_ = *started;
    isLookDemanded_ = false;
    demandFrame(job->notBefore, sizeOf(*job));
}

void CapturePipeline::demandFrame(BootTime notBefore, std::pair<int, int> size) {
    isDemanding_ = true;
    demandSince_ = loop_.clock().now();
    demandedSize_ = size;
    camera_.nextFrame(notBefore, [this](Result<Frame> frame) { takeFrame(std::move(frame)); });
}

void CapturePipeline::look(Look look) {
    look_ = std::move(look);
    scheduleAdvance();
}

void CapturePipeline::demandLook() {
    // At the size that is streamed: starting again would cost the next capture its time.
    const auto size = keeper_.size().value_or(std::pair(config_.camera.width, config_.camera.height));
    const auto started = keeper_.ensure(size.first, size.second);
    if (!started) {
        look_ = {};
        return events_.broken(started.error());
    }
    remaining_ = *started;
    isLookDemanded_ = true;
    demandFrame(bootTimeNow(), size);
    lookTimer_ = loop_.after(kSilenceLimit, [this] {
        if (!isLookDemanded_ || !isDemanding_) return;
        look_ = {};
        cameraSilent();
    });
}

std::pair<int, int> CapturePipeline::sizeOf(const Job& job) const {
    if (!job.capture) return {config_.camera.width, config_.camera.height};
    return {job.capture->width, job.capture->height};
}

void CapturePipeline::takeFrame(Result<Frame> frame) {
    isDemanding_ = false;
    lookTimer_.cancel();
    if (!frame) {
        look_ = {};
        keeper_.stop();
        events_.broken(frame.error());
        return failWaiting(frame.error());
    }
    silences_ = 0;
    if (frame->isStartup) {
        const Job* job = firstWaiting();
        if (job != nullptr && !job->capture) complete(job->ticket, FinishedPicture{});  // the camera gives frames
        return scheduleAdvance();
    }
    events_.working();
    if (const Look look = std::exchange(look_, nullptr)) look(*frame, remaining_);
    Job* job = firstWaiting();
    // The one it was taken for may be gone, and the next one may have been asked for later, or at another size.
    if (job != nullptr && frame->exposureStart > job->notBefore && sizeOf(*job) == demandedSize_) {
        if (job->capture) {
            encode(*job, std::move(*frame));
        } else {
            complete(job->ticket, FinishedPicture{});
        }
    }
    scheduleAdvance();
}

void CapturePipeline::encode(Job& job, Frame frame) {
    job.stage = Stage::kEncoding;
    job.course.exposed = frame.exposureStart;
    job.course.came = bootTimeNow();
    const WallTime exposureStart = toWallTime(frame.exposureStart, loop_.clock().wallNow());
    const std::string enlarged = enlargement(*job.capture, frame.view, remaining_.rotation);
    RenderOptions options = optionsFor(*job.capture, frame, exposureStart);
    const bool isSmall = frame.view.width * frame.view.height <= kEncodedHere;
    const auto where = isSmall ? EncoderPool::Where::kHere : EncoderPool::Where::kStrand;
    encoders_.encode(std::move(frame), std::move(options), job.deadline, where,
                     [this, ticket = job.ticket, exposureStart, enlarged](Result<RenderedJpeg> rendered) {
                         if (!rendered && rendered.error().code == Errc::kFault)
                             return frameDamaged(ticket, rendered.error());
                         if (!rendered) return complete(ticket, tl::unexpected(rendered.error()));
                         if (!enlarged.empty()) {
                             rendered->reduced =
                                 rendered->reduced.empty() ? enlarged : enlarged + "; " + rendered->reduced;
                         }
                         complete(ticket, FinishedPicture{std::move(*rendered), exposureStart, keeper_.model()});
                     });
}

RenderOptions CapturePipeline::optionsFor(const Capture& capture, const Frame& frame, WallTime exposureStart) const {
    RenderOptions options;
    options.width = capture.width;
    options.height = capture.height;
    options.transform = toTransform(remaining_.rotation, remaining_.flip);
    options.quality = capture.quality;
    options.maxBytes =
        static_cast<std::size_t>(std::min<std::uint64_t>(capture.maxBytes, std::numeric_limits<std::size_t>::max()));
    if (config_.image.timestamp) options.overlay = drawnName(config_.device) + " " + formatLocalTime(exposureStart);
    options.exif.time = exposureStart;
    options.exif.model = keeper_.model();
    options.exif.software = fmt::format("pi-edge-agent {}", kVersion);
    options.exif.exposureSeconds = frame.exposureSeconds;
    options.exif.analogueGain = frame.analogueGain;
    return options;
}

void CapturePipeline::timeOut(std::uint64_t ticket) {
    Job* job = find(ticket);
    if (job == nullptr || job->stage == Stage::kDone) return;
    const bool isSilence =
        job->stage == Stage::kWaiting && isDemanding_ && loop_.clock().now() - demandSince_ >= kSilenceLimit;
    std::string message = "the camera gave no picture in time";
    if (job->damagedFrames > 0) message = "the camera gave only damaged pictures in time; the last: " + job->damage;
    if (job->stage == Stage::kEncoding) message = "the picture could not be encoded in time; ask for a smaller one";
    // Not delivered in turn: its time is over now.
    const Done done = std::move(job->done);
    std::erase_if(jobs_, [ticket](const Job& other) { return other.ticket == ticket; });
    done(fail(Errc::kTimeout, message));
    if (isSilence) cameraSilent();
    scheduleAdvance();
}

void CapturePipeline::cameraSilent() {
    isDemanding_ = false;
    keeper_.stop();
    events_.broken({Errc::kTimeout, fmt::format("the camera streams, but has given no frame for {} s: check its cable",
                                                kSilenceLimit.count())});
    if (++silences_ >= kMaxSilences) events_.hopeless();
}

void CapturePipeline::cameraLost(const Error& error) {
    isDemanding_ = false;
    keeper_.stop();
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
    log::debug("a damaged frame is left out: {}", error.message);
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
    if (Job* job = find(ticket)) {
        job->stage = Stage::kDone;
        job->result = std::move(result);
        job->course.encoded = bootTimeNow();
    }
    scheduleAdvance();
}

void CapturePipeline::deliver() {
    while (!jobs_.empty() && jobs_.front().stage == Stage::kDone) {
        const Job job = std::move(jobs_.front());
        jobs_.pop_front();
        if (job.capture && job.result && log::enabled(log::Level::kDebug)) tellCourse(job);
        job.done(job.result);
    }
}

void CapturePipeline::tellCourse(const Job& job) {
    const auto between = [](BootTime from, BootTime to) {
        return std::chrono::duration<double, std::milli>(to - from).count();
    };
    const auto& course = job.course;
    log::debug(
        "a picture of {}x{}: its exposure began {:.1f} ms after the command, its frame came {:.1f} ms later, encoding "
        "took {:.1f} ms, its turn came {:.1f} ms later",
        job.capture->width, job.capture->height, between(job.notBefore, course.exposed),
        between(course.exposed, course.came), between(course.came, course.encoded),
        between(course.encoded, bootTimeNow()));
}

CapturePipeline::Job* CapturePipeline::find(std::uint64_t ticket) {
    const auto it = std::find_if(jobs_.begin(), jobs_.end(), [ticket](const Job& job) { return job.ticket == ticket; });
    return it == jobs_.end() ? nullptr : &*it;
}

CapturePipeline::Job* CapturePipeline::firstWaiting() {
    const auto it =
        std::find_if(jobs_.begin(), jobs_.end(), [](const Job& job) { return job.stage == Stage::kWaiting; });
    return it == jobs_.end() ? nullptr : &*it;
}

SteadyTime CapturePipeline::oldestDeadline() const {
    SteadyTime oldest = encoders_.oldestDeadline();
    for (const Job& job : jobs_) oldest = std::min(oldest, job.deadline);
    return oldest;
}

}  // namespace edge
