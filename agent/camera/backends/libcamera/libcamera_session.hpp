// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <libcamera/libcamera.h>

#include "camera/backends/libcamera/convergence.hpp"
#include "camera/backends/libcamera/frame_kind.hpp"
#include "camera/camera.hpp"
#include "config/config.hpp"
#include "core/loop/loop.hpp"

namespace edge {

class MappedBuffer;

/// A configuration that the camera has agreed to.
struct StreamSetup {
    std::unique_ptr<libcamera::CameraConfiguration> config;
    PixelFormat format = PixelFormat::kYuv420;
    ColorRange range = ColorRange::kFull;
    Transform remaining;  ///< what the camera does not do itself
};

/// The format that is cheapest to make a JPEG of, at the smallest size that covers the request, else the largest. Does
/// not start anything. Errors: kFault (the camera offers no supported format).
Result<StreamSetup> negotiate(libcamera::Camera& camera, const StreamRequest& request);

/// What the camera is started with: [camera.controls], `own` over them, camera.frame_rate, and continuous autofocus
/// where the camera has it and nothing else is said. Errors: kInvalid, naming the key.
Result<libcamera::ControlList> makeControls(const libcamera::Camera& camera, const CameraConfig& config,
                                            const Controls& own);

/// Adds the defaults of those of `last`, the last stream's own controls, that are not set: a USB camera keeps them.
void addDefaults(libcamera::ControlList& controls, const libcamera::Camera& camera, const Controls& last);

/// One stretch of streaming, from start to stop: the camera's configuration, buffers and requests. Thread: the loop's;
/// libcamera's own thread only posts. Destroying it ends it.
class LibcameraSession : public std::enable_shared_from_this<LibcameraSession> {
  public:
    /// `camera` has been acquired. Errors: kFault, kIo, kUnavailable.
    static Result<std::shared_ptr<LibcameraSession>> start(Loop& loop, std::shared_ptr<libcamera::Camera> camera,
                                                           StreamSetup setup, const libcamera::ControlList& controls,
                                                           const AutomaticParts& automatic, const Controls& own);
    ~LibcameraSession();
    LibcameraSession(const LibcameraSession&) = delete;
    LibcameraSession& operator=(const LibcameraSession&) = delete;

    /// As Camera::nextFrame(). Frames that are not wanted go back unused.
    void nextFrame(BootTime notBefore, Camera::FrameHandler done);
    /// Stops the camera, so that it can be released. Harmless when it has stopped.
    void end();

  private:
    struct Demand {
        BootTime notBefore;
        Camera::FrameHandler done;
    };

    LibcameraSession(Loop& loop, std::shared_ptr<libcamera::Camera> camera, StreamSetup setup,
                     const AutomaticParts& automatic, const Controls& own);
    Result<void> begin(const libcamera::ControlList& controls);
    void requestCompleted(libcamera::Request* request);
    void process(libcamera::Request* request);
    Frame makeFrame(libcamera::Request* request, const FrameView& view, BootTime exposureStart, Adjustment adjustment);
    void requeue(libcamera::Request* request);
    void giveUp(const std::string& message);
    void answer(Result<Frame> frame);
    /// Answers with `ending_`, later: the caller may be in the middle of giving a frame back.
    void postEnding();
    [[nodiscard]] BootTime exposureStart(libcamera::Request* request);
    void measureFrame(const libcamera::FrameMetadata& metadata);

    Loop& loop_;
    const std::shared_ptr<libcamera::Camera> camera_;
    StreamSetup setup_;
    std::optional<Demand> demand_;
    std::optional<Error> ending_;  ///< why the stream ended by itself
    std::unique_ptr<libcamera::FrameBufferAllocator> allocator_;
    std::vector<std::unique_ptr<libcamera::Request>> requests_;
    std::vector<std::shared_ptr<MappedBuffer>> buffers_;  ///< by the request's cookie
    bool isRunning_ = false;
    BrokenFrames broken_;
    Convergence convergence_;
    ControlsDelay controlsDelay_;
    std::uint64_t lastStamp_ = 0;  ///< nanoseconds, of the frame before
    std::uint32_t lastSequence_ = 0;
    nanoseconds frameTime_;  ///< from one frame to the next
};

}  // namespace edge
