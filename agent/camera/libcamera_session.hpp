// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <libcamera/libcamera.h>

#include "camera/camera.hpp"
#include "camera/libcamera_buffers.hpp"
#include "camera/libcamera_stream.hpp"
#include "core/loop.hpp"

namespace edge {

/// One stretch of streaming, from start to stop: the camera's configuration, buffers and requests. Thread: the loop's;
/// libcamera's own thread only posts. Destroying it stops the camera.
class LibcameraSession : public std::enable_shared_from_this<LibcameraSession> {
  public:
    /// A frame that was completed, or the error that ended the stream. What is not kept goes back at once.
    using FrameHandler = std::function<void(Result<Frame>)>;

    /// `camera` has been acquired. Errors: kFault, kIo, kUnavailable.
    static Result<std::shared_ptr<LibcameraSession>> start(Loop& loop, std::shared_ptr<libcamera::Camera> camera,
                                                           StreamSetup setup, const libcamera::ControlList& controls,
                                                           FrameHandler handler);
    ~LibcameraSession();
    LibcameraSession(const LibcameraSession&) = delete;
    LibcameraSession& operator=(const LibcameraSession&) = delete;

  private:
    LibcameraSession(Loop& loop, std::shared_ptr<libcamera::Camera> camera, StreamSetup setup, FrameHandler handler);
    Result<void> prepare();
    Result<void> run(const libcamera::ControlList& controls);
    void requestCompleted(libcamera::Request* request);
    void process(libcamera::Request* request);
    Result<Frame> makeFrame(libcamera::Request* request, FrameView view);
    void requeue(libcamera::Request* request);
    void giveUp(const std::string& message);
    [[nodiscard]] BootTime exposureStart(libcamera::Request* request) const;

    Loop& loop_;
    const std::shared_ptr<libcamera::Camera> camera_;
    StreamSetup setup_;
    FrameHandler handler_;
    std::unique_ptr<libcamera::FrameBufferAllocator> allocator_;
    std::vector<std::unique_ptr<libcamera::Request>> requests_;
    std::vector<std::shared_ptr<MappedBuffer>> buffers_;  ///< by the request's cookie
    bool isRunning_ = false;
    int failures_ = 0;  ///< frames in a row that came to nothing
};

}  // namespace edge
