// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <libcamera/libcamera.h>

#include "camera/backends/libcamera/libcamera_buffers.hpp"
#include "camera/backends/libcamera/libcamera_stream.hpp"
#include "camera/camera.hpp"
#include "camera/daemon/frame_kind.hpp"
#include "core/loop/loop.hpp"

namespace edge {

/// One stretch of streaming, from start to stop: the camera's configuration, buffers and requests. Thread: the loop's;
/// libcamera's own thread only posts. Destroying it ends it.
class LibcameraSession : public std::enable_shared_from_this<LibcameraSession> {
  public:
    struct Events {
        /// Whether a frame whose exposure began then is of use; the others go back untouched.
        std::function<bool(BootTime)> wants;
        /// A frame that is wanted, or the error that ended the stream. May call end().
        std::function<void(Result<Frame>)> frame;
        /// The camera works, but its frames are no pictures yet.
        std::function<void()> startup;
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
