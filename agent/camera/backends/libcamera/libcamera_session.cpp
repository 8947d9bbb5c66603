// SPDX-License-Identifier: MIT
#include "camera/backends/libcamera/libcamera_session.hpp"

#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <ctime>
#include <map>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/core.h>
#include <libcamera/control_ids.h>

namespace edge {

/// The memory of one frame buffer, readable. Stays valid when libcamera has forgotten the buffer.
class MappedBuffer {
  public:
    MappedBuffer() = default;
    MappedBuffer(const MappedBuffer&) = delete;
    MappedBuffer& operator=(const MappedBuffer&) = delete;
    ~MappedBuffer() {
        for (const auto& [fd, block] : blocks_) {
            if (block.data != nullptr) ::munmap(block.data, block.bytes);
        }
    }

    /// Errors: kIo.
    Result<void> map(const libcamera::FrameBuffer& buffer) {
        if (buffer.planes().empty()) return fail(Errc::kIo, "a camera buffer has no memory");
        for (const auto& plane : buffer.planes()) {
            Block& block = blocks_[plane.fd.get()];
            block.fd = plane.fd;
            block.bytes = std::max(block.bytes, offsetOf(plane) + plane.length);
        }
        for (auto& [fd, block] : blocks_) {
            void* data = ::mmap(nullptr, block.bytes, PROT_READ, MAP_SHARED, fd, 0);
            if (data == MAP_FAILED) {
                return fail(Errc::kIo, "cannot map a camera buffer: " + std::generic_category().message(errno));
            }
            block.data = static_cast<std::uint8_t*>(data);
        }
        for (const auto& plane : buffer.planes()) {
            planes_.push_back({blocks_[plane.fd.get()].data + offsetOf(plane), plane.length, 0});
        }
        return {};
    }

    /// The frame in it; nullopt where the buffer is too small for what the stream says, or holds nothing.
    [[nodiscard]] std::optional<FrameView> view(const libcamera::StreamConfiguration& stream, PixelFormat format,
                                                ColorRange range, const libcamera::FrameMetadata& metadata) const {
        FrameView view{format, range, static_cast<int>(stream.size.width), static_cast<int>(stream.size.height), {}};
        if (format == PixelFormat::kMjpeg) {
            const std::size_t used = metadata.planes().empty() ? 0 : metadata.planes()[0].bytesused;
            if (used == 0 || used > planes_[0].bytes) return std::nullopt;
            view.planes[0] = {planes_[0].data, used, used};
            return view;
        }
        const bool isYuv420 = format == PixelFormat::kYuv420;
        const bool isSemiPlanar = format == PixelFormat::kNv12 || format == PixelFormat::kNv21;
        const std::size_t count = isYuv420 ? 3 : isSemiPlanar ? 2 : 1;
        std::size_t offset = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t stride = i > 0 && isYuv420 ? stream.stride / 2 : stream.stride;
            if (planes_.size() >= count) {
                view.planes[i] = {planes_[i].data, planes_[i].bytes, stride};
                continue;
            }
            // One piece of memory with all planes in it, one after the other.
            const std::size_t rows = i == 0 ? stream.size.height : (stream.size.height + 1) / 2;
            if (offset + stride * rows > planes_[0].bytes) return std::nullopt;
            view.planes[i] = {planes_[0].data + offset, stride * rows, stride};
            offset += stride * rows;
        }
        return view;
    }

    /// Around every access (DMA_BUF_SYNC_START, …_END): the CPU's caches may be older than what the camera wrote.
    void synchronise(std::uint64_t edge) const {
        for (const auto& [fd, block] : blocks_) {
            dma_buf_sync sync{};
            sync.flags = edge | DMA_BUF_SYNC_READ;
            // Memory that is not a dma-buf (a virtual camera's) refuses, and does not need it.
            while (::ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync) < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        }
    }

  private:
    struct Block {
        libcamera::SharedFD fd;
        std::uint8_t* data = nullptr;
        std::size_t bytes = 0;
    };

    static std::size_t offsetOf(const libcamera::FrameBuffer::Plane& plane) {
        return plane.offset == libcamera::FrameBuffer::Plane::kInvalidOffset ? 0 : plane.offset;
    }

    std::map<int, Block> blocks_;  ///< by descriptor
    std::vector<Plane> planes_;
};

namespace {

/// Of a camera that says nothing about its frame rate: slower than most.
constexpr nanoseconds kAssumedFrame = milliseconds{100};

std::string errorText(int negativeErrno) {
    return std::generic_category().message(-negativeErrno);
}

template <typename T>
void read(const libcamera::ControlValue& value, libcamera::ControlType type, std::optional<T>& into) {
    if (value.type() == type && !value.isArray()) into = value.get<T>();
}

/// By the controls' names: some of them are drafts, or missing, in one release or another.
ReportedStates statesOf(const libcamera::ControlList& metadata) {
    using namespace libcamera;
    ReportedStates states;
    for (const auto& [number, value] : metadata) {
        const auto id = controls::controls.find(number);
        if (id == controls::controls.end()) continue;
        const std::string_view name = id->second->name();
        if (name == "AeState") read(value, ControlTypeInteger32, states.aeState);
        if (name == "AeLocked") read(value, ControlTypeBool, states.aeLocked);
        if (name == "AwbState") read(value, ControlTypeInteger32, states.awbState);
        if (name == "AwbLocked") read(value, ControlTypeBool, states.awbLocked);
        if (name == "AfState") read(value, ControlTypeInteger32, states.afState);
        if (name == "ColourGains" && value.type() == ControlTypeFloat && value.numElements() == 2) {
            const auto gains = value.get<Span<const float>>();
            states.colourGains = {gains[0], gains[1]};
        }
    }
    return states;
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
                                                                  const AutomaticParts& automatic,
                                                                  const Controls& own) {
    std::shared_ptr<LibcameraSession> session(
        new LibcameraSession(loop, std::move(camera), std::move(setup), automatic, own));
    TRY(session->begin(controls));
    return session;
}

LibcameraSession::LibcameraSession(Loop& loop, std::shared_ptr<libcamera::Camera> camera, StreamSetup setup,
                                   const AutomaticParts& automatic, const Controls& own)
    : loop_(loop),
      camera_(std::move(camera)),
      setup_(std::move(setup)),
      convergence_(automatic),
      controlsDelay_(own),
      frameTime_(kAssumedFrame) {}

LibcameraSession::~LibcameraSession() {
    end();
}

void LibcameraSession::end() {
    if (std::exchange(isRunning_, false)) camera_->stop();
    camera_->requestCompleted.disconnect(this);
    requests_.clear();
    allocator_.reset();
}

Result<void> LibcameraSession::begin(const libcamera::ControlList& controls) {
    if (const int error = camera_->configure(setup_.config.get()); error != 0) {
        return fail(Errc::kFault, "the camera rejects its configuration: " + errorText(error));
    }
    libcamera::Stream* stream = setup_.config->at(0).stream();
    allocator_ = std::make_unique<libcamera::FrameBufferAllocator>(camera_);
    if (const int error = allocator_->allocate(stream); error < 0) {
        return fail(Errc::kUnavailable,
                    fmt::format("no memory for camera buffers of {}: {}; use a smaller picture or more CMA memory",
                                setup_.config->at(0).toString(), errorText(error)));
    }
    for (const auto& buffer : allocator_->buffers(stream)) {
        auto mapped = std::make_shared<MappedBuffer>();
        TRY(mapped->map(*buffer));
        auto request = camera_->createRequest(buffers_.size());
        if (!request || request->addBuffer(stream, buffer.get()) != 0) {
            return fail(Errc::kFault, "cannot create a request to the camera");
        }
        buffers_.push_back(std::move(mapped));
        requests_.push_back(std::move(request));
    }
    camera_->requestCompleted.connect(this, &LibcameraSession::requestCompleted);
    if (const int error = camera_->start(&controls); error != 0) {
        return fail(Errc::kFault, "cannot start the camera: " + errorText(error));
    }
    isRunning_ = true;
    // Up to libcamera 0.4 the pipelines of USB and virtual cameras ignore what a camera is started with.
    requests_.front()->controls().merge(controls);
    for (const auto& request : requests_) {
        if (const int error = camera_->queueRequest(request.get()); error != 0) {
            return fail(Errc::kFault, "cannot queue a request to the camera: " + errorText(error));
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
    const bool hasControls = controlsDelay_.add(request->metadata().get(libcamera::controls::ExposureTime),
                                                request->metadata().get(libcamera::controls::AnalogueGain));
    if (kind == FrameKind::kPicture && !hasControls) kind = FrameKind::kStartup;
    const auto view = kind == FrameKind::kPicture ? buffers_[request->cookie()]->view(
                                                        setup_.config->at(0), setup_.format, setup_.range, metadata)
                                                  : std::nullopt;
    if (kind == FrameKind::kPicture && !view) kind = FrameKind::kBroken;
    if (!broken_.add(kind)) return giveUp("the camera gives only broken frames: check its cable");
    const Adjustment adjustment = convergence_.add(statesOf(request->metadata()));
    measureFrame(metadata);
    if (!view) {
        requeue(request);
        if (kind != FrameKind::kStartup) return;
        Frame startup;
        startup.isStartup = true;
        return answer(std::move(startup));
    }
    const BootTime start = exposureStart(request);
    if (!demand_ || start <= demand_->notBefore) return requeue(request);
    answer(makeFrame(request, *view, start, adjustment));
}

/// A camera that does not say how long a frame takes may be slow: one frame a second in the dark.
void LibcameraSession::measureFrame(const libcamera::FrameMetadata& metadata) {
    if (lastStamp_ > 0 && metadata.timestamp > lastStamp_ && metadata.sequence > lastSequence_) {
        const nanoseconds between{static_cast<std::int64_t>(metadata.timestamp - lastStamp_)};
        frameTime_ = std::max(kAssumedFrame, between / (metadata.sequence - lastSequence_));
    }
    lastStamp_ = metadata.timestamp;
    lastSequence_ = metadata.sequence;
}

Frame LibcameraSession::makeFrame(libcamera::Request* request, const FrameView& view, BootTime exposureStart,
                                  Adjustment adjustment) {
    const libcamera::FrameMetadata& metadata = request->buffers().begin()->second->metadata();
    Frame frame;
    frame.view = view;
    frame.sequence = metadata.sequence;
    frame.exposureStart = exposureStart;
    frame.adjustment = adjustment;
    if (const auto micros = request->metadata().get(libcamera::controls::ExposureTime))
        frame.exposureSeconds = *micros / 1e6;
    if (const auto gain = request->metadata().get(libcamera::controls::AnalogueGain)) frame.analogueGain = *gain;

    const auto buffer = buffers_[request->cookie()];
    buffer->synchronise(DMA_BUF_SYNC_START);
    // The lease keeps the memory, not the session: a stopped camera's frame is still encoded to its end.
    frame.lease = std::shared_ptr<const void>(buffer.get(), [buffer, request, session = weak_from_this()](const void*) {
        buffer->synchronise(DMA_BUF_SYNC_END);
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
    const nanoseconds frame = duration ? nanoseconds{std::chrono::microseconds{*duration}} : frameTime_;
    const auto stamp = request->buffers().begin()->second->metadata().timestamp;
    return toBootTime(nanoseconds{static_cast<std::int64_t>(stamp)}) - frame;
}

void LibcameraSession::requeue(libcamera::Request* request) {
    if (!isRunning_) return;
    request->reuse(libcamera::Request::ReuseBuffers);
    if (const int error = camera_->queueRequest(request); error != 0) {
        giveUp("cannot queue a request to the camera: " + errorText(error));
    }
}

void LibcameraSession::giveUp(const std::string& message) {
    isRunning_ = false;
    camera_->stop();
    ending_ = Error{Errc::kUnavailable, message};
    postEnding();
}

void LibcameraSession::nextFrame(BootTime notBefore, Camera::FrameHandler done) {
    demand_ = Demand{notBefore, std::move(done)};
    if (ending_) postEnding();
}

void LibcameraSession::answer(Result<Frame> frame) {
    if (const auto demand = std::exchange(demand_, std::nullopt)) demand->done(std::move(frame));
}

void LibcameraSession::postEnding() {
    loop_.post([session = weak_from_this()] {
        if (const auto self = session.lock()) self->answer(tl::unexpected(*self->ending_));
    });
}

}  // namespace edge
