// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "config/config.hpp"
#include "core/result.hpp"
#include "core/time/time.hpp"
#include "image/frame.hpp"
#include "image/pixels/transform.hpp"

namespace edge {

/// What a backend can say about its camera without starting it.
struct CameraInfo {
    std::string model;    ///< "imx708"; never empty
    std::string backend;  ///< "libcamera", "replay", "pattern"
    std::string library;  ///< "libcamera 0.0.3"; "" where there is none
};

/// What the camera's automatic exposure, white balance and focus have come to in a frame.
enum class Adjustment {
    kSettled,    ///< also where the camera does not say
    kSearching,  ///< a later frame will be better
    kFailed,     ///< focus was not found, and the search is over
};

/// One frame. The pixels are the camera's: they stay unchanged, and readable from any thread, until `lease` is
/// destroyed, which gives the buffer back. Thread of the lease: the loop's.
struct Frame {
    FrameView view;
    BootTime exposureStart{};  ///< CLOCK_BOOTTIME; never later than the true start of exposure
    std::optional<double> exposureSeconds;
    std::optional<double> analogueGain;
    std::uint32_t sequence = 0;
    Adjustment adjustment = Adjustment::kSettled;
    bool isStartup = false;  ///< not a picture, and without pixels: the camera is still adjusting its exposure
    std::shared_ptr<const void> lease;
};

/// What is requested of a stream. Sizes are the camera's own, before the transform.
struct StreamRequest {
    int width = 640;   ///< pixels
    int height = 480;  ///< pixels
    Transform transform;
    Controls controls{};  ///< of this stream alone, over camera.controls
    bool operator==(const StreamRequest&) const = default;
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

    /// Whether the camera takes these controls of a stream, without touching the one that runs. Errors: kInvalid, and
    /// those of probe().
    virtual Result<void> check(const Controls& controls) = 0;

    /// Starts streaming, or starts again with another request. Every frame is exposed with its controls. Frames have
    /// the requested size or, where the camera cannot, the smallest larger one, else its largest. Returns the part of
    /// the transform that is left for the image work.
    virtual Result<Transform> start(const StreamRequest& request) = 0;

    /// Ends streaming; harmless when it is not. A pending nextFrame() is dropped without an answer. Frames that are
    /// still leased stay readable.
    virtual void stop() = 0;

    /// Calls `done` once, never inside this call, with the next frame whose exposure starts after `notBefore`, or with
    /// the error that ended the stream; or with one that is not a picture yet (Frame::isStartup): then ask again. One
    /// at a time, only while streaming; a new call replaces the one before.
    virtual void nextFrame(BootTime notBefore, FrameHandler done) = 0;

    /// Called when the camera appears (its info) or disappears (why). One handler; empty = none.
    virtual void onChange(ChangeHandler handler) = 0;
};

}  // namespace edge
