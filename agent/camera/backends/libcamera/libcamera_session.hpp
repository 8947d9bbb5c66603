// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <libcamera/libcamera.h>

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

/// What the camera is started with: [camera.controls], camera.frame_rate, and continuous autofocus where the camera has
/// it and the configuration says nothing. Errors: kInvalid, naming the key.
Result<libcamera::ControlList> makeControls(const libcamera::Camera& camera, const CameraConfig& config);

/// One stretch of streaming, from start to stop: the camera's configuration, buffers and requests. Thread: the loop's;
/// libcamera's own thread only posts. Destroying it ends it.
class LibcameraSession : public std::enable_shared_from_this<LibcameraSession> {
  public:
    struct Events {
        /// Whether a frame whose exposure began then is wanted; the others go back unused.
        std::function<bool(BootTime)> wants;
        /// A frame that is wanted, a start-up frame, or the error that ended the stream. May call end().
        std::function<void(Result<Frame>)> frame;
    };

    /// `camera` has been acquired. Errors: kFault, kIo, kUnavailable.
    static Result<std::shared_ptr<LibcameraSession>> start(Loop& loop, std::shared_ptr<libcamera::Camera> camera,
                                                           StreamSetup setup, const libcamera::ControlList& controls,
                                                           Events events);
    ~LibcameraSession();
    LibcameraSession(const LibcameraSession&) = delete;
    LibcameraSession& operator=(const LibcameraSession&) = delete;

    /// Stops the camera, so that it can be released. Harmless when it has stopped.
    void end();

  private:
    LibcameraSession(Loop& loop, std::shared_ptr<libcamera::Camera> camera, StreamSetup setup, Events events);
    Result<void> prepare();
    Result<void> run(const libcamera::ControlList& controls);
    void requestCompleted(libcamera::Request* request);
    void process(libcamera::Request* request);
    Frame makeFrame(libcamera::Request* request, const FrameView& view, BootTime exposureStart);
    void requeue(libcamera::Request* request);
    void giveUp(const std::string& message);
    [[nodiscard]] static BootTime exposureStart(libcamera::Request* request);

    Loop& loop_;
    const std::shared_ptr<libcamera::Camera> camera_;
    StreamSetup setup_;
    Events events_;
    std::unique_ptr<libcamera::FrameBufferAllocator> allocator_;
    std::vector<std::unique_ptr<libcamera::Request>> requests_;
    std::vector<std::shared_ptr<MappedBuffer>> buffers_;  ///< by the request's cookie
    bool isRunning_ = false;
    BrokenFrames broken_;
};

}  // namespace edge
