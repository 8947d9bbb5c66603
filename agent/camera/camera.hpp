// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "camera/backends/orientation.hpp"
#include "core/result.hpp"
#include "core/time/time.hpp"
#include "image/frame.hpp"

namespace edge {

/// What a backend can say about its camera without starting it.
struct CameraInfo {
    std::string model;    ///< "imx708"; never empty
    std::string backend;  ///< "libcamera", "replay", "pattern"
    std::string library;  ///< "libcamera 0.0.3"; "" where there is none
};

/// One frame. The pixels are the camera's: they stay as they are, and readable from any thread, until `lease` goes,
/// which gives the buffer back. Thread of the lease: the loop's.
struct Frame {
    FrameView view;
    BootTime exposureStart{};  ///< CLOCK_BOOTTIME; never later than the true start of exposure
    std::optional<double> exposureSeconds;
    std::optional<double> analogueGain;
    std::uint32_t sequence = 0;
    bool isStartup = false;  ///< no picture: the camera still finds its exposure, and there are no pixels
    std::shared_ptr<const void> lease;
};

/// What is wanted of a stream. Sizes are the camera's own, before any turning.
struct StreamWish {
    int width = 640;   ///< pixels
    int height = 480;  ///< pixels
    Orientation orientation;
    bool operator==(const StreamWish&) const = default;
};

/// A camera, inside pi-edge-camera. Thread: the loop's for every call and callback; a backend's own threads only post.
/// A call may block for as long as the hardware does (a driver that hangs takes the loop with it, and the watchdog or
/// the agent then ends the program: nothing else helps there).
/// Errors: kUnavailable (no camera), kPermission, kBusy (another program has it), kInvalid (a setting the camera does
/// not know), kFault.
class Camera {
  public:
    using FrameHandler = std::function<void(Result<Frame>)>;
    using ChangeHandler = std::function<void(Result<CameraInfo>)>;

    virtual ~Camera() = default;

    /// Looks whether there is a camera, without starting it. Cheap enough for every few seconds.
    virtual Result<CameraInfo> probe() = 0;

    /// Starts streaming, or starts again with another wish. Frames have the wanted size or, where the camera cannot,
    /// the smallest larger one, else its largest. The answer: what of the orientation is left for the image work.
    virtual Result<Orientation> start(const StreamWish& wish) = 0;

    /// Ends streaming; harmless when it is not. A demand that is open is dropped without an answer. Frames that are
    /// still leased stay readable.
    virtual void stop() = 0;

    /// Calls `done` once, never inside this call, with the next frame whose exposure starts after `notBefore`, or with
    /// the error that ended the stream; or with one that is not a picture yet (Frame::isStartup), to be asked again.
    /// One demand at a time, only while streaming; a new demand replaces the old.
    virtual void nextFrame(BootTime notBefore, FrameHandler done) = 0;

    /// Called when the camera comes (its info) or goes (why). One handler; empty = none.
    virtual void onChange(ChangeHandler handler) = 0;
};

}  // namespace edge
