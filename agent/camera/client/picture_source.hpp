// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "core/result.hpp"
#include "core/time/time.hpp"

namespace edge {

/// One picture, as asked for. What is not set is the configuration's.
struct PictureRequest {
    std::optional<int> width;      ///< pixels, even, 64 … 9152
    std::optional<int> height;     ///< pixels, even, 64 … 6944
    std::optional<int> quality;    ///< 1 … 100
    std::size_t maxBytes = 0;      ///< the JPEG must not be larger; encoded again smaller until it is
    BootTime notBefore{};          ///< the exposure begins after this (CLOCK_BOOTTIME)
    milliseconds timeout{5000};    ///< answered within this, whatever the camera does
    std::optional<bool> settle{};  ///< wait until a camera that was just started has adjusted itself
    /// The newest frame that no live picture had, whenever it was exposed; captures go first.
    bool isLive = false;
    Controls controls{};  ///< of libcamera, for this picture alone
};

/// One picture, as taken.
struct Picture {
    std::string jpeg;
    WallTime exposureStart{};
    int width = 0;
    int height = 0;
    int quality = 0;
    std::string reduced{};  ///< why it is smaller than asked for (size or quality); "" = it is what was asked for
    std::string camera{};   ///< the camera's model
    bool isSettled = true;  ///< false: its exposure, white balance or focus had not settled
};

/// Whether pictures can be taken, and why not.
struct CameraState {
    bool online = false;
    std::string model;   ///< "" while unknown
    std::string reason;  ///< why it is offline, and what to do; "" while online
    bool operator==(const CameraState&) const = default;
};

/// Where pictures come from: the camera program, or a fake in tests. Thread: the loop's, callbacks too.
class PictureSource {
  public:
    using PictureHandler = std::function<void(Result<Picture>)>;
    using MotionHandler = std::function<void(bool isMoving, std::vector<Picture> before)>;
    using StateHandler = std::function<void(const CameraState&)>;

    virtual ~PictureSource() = default;

    /// Take a picture. `done` is called exactly once, never inside this call, at the latest when `request.timeout` is
    /// over. Errors: kUnavailable (no camera, camera program away), kTimeout, kTooLarge, kInvalid. Requests are
    /// answered in order, save live ones.
    virtual void capture(const PictureRequest& request, PictureHandler done) = 0;

    /// Makes another picture of a JPEG that was exposed at `exposureStart`, of `request`'s size, quality and limits;
    /// its other members mean nothing. `done` as of capture(); works without a camera.
    virtual void convert(std::string_view jpeg, WallTime exposureStart, const PictureRequest& request,
                         PictureHandler done) = 0;

    [[nodiscard]] virtual const CameraState& state() const = 0;
    /// Called on every change of state(). One handler; empty = none.
    virtual void onStateChange(StateHandler handler) = 0;

    /// Called with every change of what the camera sees, where camera.motion is enabled; also when it is told again.
    /// `before`: small pictures from before motion began, the oldest first; at most camera.motion.before.
    virtual void onMotion(MotionHandler handler) = 0;
};

}  // namespace edge
