// SPDX-License-Identifier: MIT
#include "camera/backends/libcamera/libcamera_session.hpp"

#include <ctime>
#include <system_error>
#include <utility>

#include <fmt/core.h>
#include <libcamera/control_ids.h>

namespace edge {
namespace {

/// Of a camera that says nothing about its frame rate: slower than most.
constexpr nanoseconds kAssumedFrame = milliseconds{100};

std::string errorText(int negativeErrno) {
    return std::generic_category().message(-negativeErrno);
}

/// Video4Linux stamps with CLOCK_MONOTONIC, libcamera's documentation says CLOCK_BOOTTIME. They are apart by the time
/// the machine was suspended, and a frame is never older than that and new at once.
BootTime toBootTime(nanoseconds stamp) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const BootTime boot = bootTimeNow();
    const nanoseconds suspended = boot - (seconds{now.tv_sec} + nanoseconds{now.tv_nsec});
    return boot - stamp >= suspended ? stamp + suspended : stamp;
}

}  // namespace

Result<std::shared_ptr<LibcameraSession>> LibcameraSession::start(Loop& loop, std::shared_ptr<libcamera::Camera> camera,
                                                                  StreamSetup setup,
                                                                  const libcamera::ControlList& controls,
                                                                  Events events) {
    std::shared_ptr<LibcameraSession> session(
        new LibcameraSession(loop, std::move(camera), std::move(setup), std::move(events)));
    if (auto prepared = session->prepare(); !prepared) return tl::unexpected(prepared.error());
    if (auto running = session->run(controls); !running) return tl::unexpected(running.error());
    return session;
}

LibcameraSession::LibcameraSession(Loop& loop, std::shared_ptr<libcamera::Camera> camera, StreamSetup setup,
                                   Events events)
    : loop_(loop), camera_(std::move(camera)), setup_(std::move(setup)), events_(std::move(events)) {}

LibcameraSession::~LibcameraSession() {
    end();
}

void LibcameraSession::end() {
    if (std::exchange(isRunning_, false)) camera_->stop();
    camera_->requestCompleted.disconnect(this);
    requests_.clear();
    allocator_.reset();
}

Result<void> LibcameraSession::prepare() {
    if (const int error = camera_->configure(setup_.config.get()); error != 0) {
        return fail(Errc::kFault, "the camera refuses its configuration: " + errorText(error));
    }
    libcamera::Stream* stream = setup_.config->at(0).stream();
    allocator_ = std::make_unique<libcamera::FrameBufferAllocator>(camera_);
    if (const int error = allocator_->allocate(stream); error < 0) {
        return fail(Errc::kUnavailable,
                    fmt::format("no memory for camera buffers of {}: {}; a smaller picture or more CMA "
                                "memory helps",
                                setup_.config->at(0).toString(), errorText(error)));
    }
    for (const auto& buffer : allocator_->buffers(stream)) {
        auto mapped = MappedBuffer::map(*buffer);
        if (!mapped) return tl::unexpected(mapped.error());
        auto request = camera_->createRequest(buffers_.size());
        if (!request || request->addBuffer(stream, buffer.get()) != 0) {
            return fail(Errc::kFault, "the camera takes no requests");
        }
        buffers_.push_back(std::move(*mapped));
        requests_.push_back(std::move(request));
    }
    return {};
}

Result<void> LibcameraSession::run(const libcamera::ControlList& controls) {
    camera_->requestCompleted.connect(this, &LibcameraSession::requestCompleted);
    if (const int error = camera_->start(&controls); error != 0) {
        return fail(Errc::kFault, "the camera does not start: " + errorText(error));
    }
    isRunning_ = true;
    for (const auto& request : requests_) {
        if (const int error = camera_->queueRequest(request.get()); error != 0) {
            return fail(Errc::kFault, "the camera takes no requests: " + errorText(error));
        }
    }
    return {};
}

/// On libcamera's thread, until stop() has returned: nothing but a post.
void LibcameraSession::requestCompleted(libcamera::Request* request) {
    loop_.post([session = weak_from_this(), request] {
        if (const auto self = session.lock()) self->process(request);
    });
}

void LibcameraSession::process(libcamera::Request* request) {
    if (!isRunning_) return;
    const auto [stream, buffer] = *request->buffers().begin();
    const libcamera::FrameMetadata& metadata = buffer->metadata();
    FrameKind kind = kindOf(metadata, request->status() == libcamera::Request::RequestComplete);
    const auto view = kind == FrameKind::kPicture ? buffers_[request->cookie()]->view(
                                                        setup_.config->at(0), setup_.format, setup_.range, metadata)
                                                  : std::nullopt;
    if (kind == FrameKind::kPicture && !view) kind = FrameKind::kBroken;
    if (!broken_.add(kind)) return giveUp("the camera gives only broken frames: check its cable");
    if (kind == FrameKind::kStartup) events_.startup();
    if (!view) return requeue(request);
    const BootTime start = exposureStart(request);
    if (!events_.wants(start)) return requeue(request);
    events_.frame(makeFrame(request, *view, start));
}

Frame LibcameraSession::makeFrame(libcamera::Request* request, const FrameView& view, BootTime exposureStart) {
    const libcamera::FrameMetadata& metadata = request->buffers().begin()->second->metadata();
    Frame frame;
    frame.view = view;
    frame.sequence = metadata.sequence;
    frame.exposureStart = exposureStart;
    if (const auto micros = request->metadata().get(libcamera::controls::ExposureTime))
        frame.exposureSeconds = *micros / 1e6;
    if (const auto gain = request->metadata().get(libcamera::controls::AnalogueGain)) frame.analogueGain = *gain;

    const auto buffer = buffers_[request->cookie()];
    buffer->beginAccess();
    // The lease keeps the memory, not the session: a stopped camera's frame is still encoded to its end.
    frame.lease = std::shared_ptr<const void>(buffer.get(), [buffer, request, session = weak_from_this()](const void*) {
        buffer->endAccess();
        if (const auto self = session.lock()) self->requeue(request);
    });
    return frame;
}

BootTime LibcameraSession::exposureStart(libcamera::Request* request) {
    const libcamera::ControlList& metadata = request->metadata();
    if (const auto stamp = metadata.get(libcamera::controls::SensorTimestamp); stamp && *stamp > 0) {
        // "The first line is exposed": what drivers stamp is the interrupt when that line is read out, its exposure
        // over.
        const auto exposure = metadata.get(libcamera::controls::ExposureTime);
        return toBootTime(nanoseconds{*stamp}) - std::chrono::microseconds{exposure.value_or(0)};
    }
    const auto duration = metadata.get(libcamera::controls::FrameDuration);
    const nanoseconds frame = duration ? nanoseconds{std::chrono::microseconds{*duration}} : kAssumedFrame;
    const auto stamp = request->buffers().begin()->second->metadata().timestamp;
    return toBootTime(nanoseconds{static_cast<std::int64_t>(stamp)}) - frame;
}

void LibcameraSession::requeue(libcamera::Request* request) {
    if (!isRunning_) return;
    request->reuse(libcamera::Request::ReuseBuffers);
    if (const int error = camera_->queueRequest(request); error != 0) {
        giveUp("the camera takes no more requests: " + errorText(error));
    }
}

void LibcameraSession::giveUp(const std::string& message) {
    isRunning_ = false;
    camera_->stop();
    // Not at once: the caller may be in the middle of giving a frame back.
    loop_.post([session = weak_from_this(), message] {
        if (const auto self = session.lock()) self->events_.frame(fail(Errc::kUnavailable, message));
    });
}

}  // namespace edge
