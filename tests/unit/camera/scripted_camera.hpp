// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "camera/backends/libcamera/convergence.hpp"
#include "camera/backends/libcamera/frame_kind.hpp"
#include "camera/camera.hpp"
#include "fakes/manual_loop.hpp"
#include "unit/camera/fake_camera.hpp"

namespace edge {

/// What libcamera reports of one frame.
struct ScriptedFrame {
    enum Status { FrameSuccess, FrameError, FrameCancelled, FrameStartup };
    Status status = FrameSuccess;
    ReportedStates states{};
    std::optional<double> exposureMicros{};
};

/// A camera that streams by the loop's clock, and reports of its frames what a script says: the frames of each stream
/// from the first on, the last one again and again.
class ScriptedCamera : public Camera {
  public:
    explicit ScriptedCamera(ManualLoop& loop) : loop_(loop) {}

    Result<CameraInfo> probe() override { return CameraInfo{"scripted", "libcamera", "libcamera 0.0.3"}; }
    Result<void> check(const Controls& /*controls*/) override { return {}; }
    Result<Transform> start(const StreamRequest& request) override {
        stop();
        request_ = request;
        convergence_ = Convergence(automatic);
        controlsDelay_ = ControlsDelay(request.controls);
        broken_ = {};
        frames = 0;
        ++starts;
        isStreaming = true;
        expose();
        return request.transform;
    }
    void stop() override {
        isStreaming = false;
        timer_.cancel();
        demand_ = nullptr;
    }
    void nextFrame(BootTime notBefore, FrameHandler done) override {
        if (notBefore != notBefore_) demandedAt_ = loop_.clock().now();
        notBefore_ = notBefore;
        demand_ = std::move(done);
    }
    void onChange(ChangeHandler /*handler*/) override {}

    std::vector<ScriptedFrame> script{ScriptedFrame{}};
    milliseconds frameTime{50};
    AutomaticParts automatic;
    bool isStreaming = false;
    int starts = 0;
    int frames = 0;  ///< of this stream

  private:
    void expose() {
        const auto own = numberOf(request_.controls, "ExposureTime");
        const milliseconds frame = own ? milliseconds{static_cast<std::int64_t>(*own / 1000)} : frameTime;
        timer_ = loop_.after(frame, [this, began = loop_.clock().now()] {
            const auto index = std::min(static_cast<std::size_t>(frames++), script.size() - 1);
            expose();
            give(script[index], began);
        });
    }
    void give(const ScriptedFrame& scripted, SteadyTime began) {
        FrameKind kind = kindOf(scripted, true);
        const bool hasControls = controlsDelay_.add(scripted.exposureMicros, std::nullopt);
        if (kind == FrameKind::kPicture && !hasControls) kind = FrameKind::kStartup;
        if (!broken_.add(kind)) return answer(fail(Errc::kUnavailable, "only broken frames"));
        const Adjustment adjustment = convergence_.add(scripted.states);
        Frame frame = greyFrame(request_.width, request_.height);
        frame.adjustment = adjustment;
        frame.isStartup = kind == FrameKind::kStartup;
        frame.exposureStart = bootTimeNow();
        if (frame.isStartup || (kind == FrameKind::kPicture && began >= demandedAt_)) answer(std::move(frame));
    }
    void answer(Result<Frame> frame) {
        if (const auto done = std::exchange(demand_, nullptr)) done(std::move(frame));
    }

    ManualLoop& loop_;
    StreamRequest request_;
    Convergence convergence_{AutomaticParts{}};
    ControlsDelay controlsDelay_{Controls{}};
    BrokenFrames broken_;
    FrameHandler demand_;
    BootTime notBefore_{};
    SteadyTime demandedAt_{};
    Timer timer_;
};

}  // namespace edge
