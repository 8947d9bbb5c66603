// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "camera/camera.hpp"
#include "camera/controls.hpp"
#include "camera/daemon/encoder_pool.hpp"
#include "camera/daemon/stream_manager.hpp"
#include "camera/ipc/protocol.hpp"
#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/scope.hpp"

namespace edge {

struct FinishedPicture {
    RenderedJpeg rendered;
    WallTime exposureStart{};
    std::string camera;
    bool isSettled = true;
};

/// Captures, served in order, each with a frame of its own; the next frame is taken while the last is being encoded.
/// Live pictures are not in that order: one gets the next frame that leaves an encoder free for the captures that wait,
/// that of a capture or one of its own when none is due.
/// Thread: the loop's.
class CapturePipeline {
  public:
    using Done = std::function<void(const Result<FinishedPicture>&)>;
    struct Events {
        std::function<void()> working;             ///< the camera has just given a frame
        std::function<void(const Error&)> broken;  ///< the camera gives none, and why
        std::function<void()> hopeless;            ///< silent after a fresh start, too: only a new process may help
    };

    /// One encoder for each of the strands.
    CapturePipeline(Loop& loop, Camera& camera, const std::vector<std::shared_ptr<Executor>>& strands,
                    const Config& config, Events events);

    /// `done` is called once, never inside this call, by the capture's deadline. Returns a ticket for cancel(). A
    /// damaged frame is skipped, and the next one taken instead. Controls that the camera does not take are kInvalid
    /// before anything is done. Errors: kUnavailable, kTimeout, kTooLarge, kInvalid,
    /// kFault (kMaxDamagedFrames of them), and those of Camera::start().
    std::uint64_t capture(Capture capture, Done done);
    /// As capture(), of the configured size, but only to see that a frame comes.
    void verify(milliseconds limit, Done done);
    /// `done` is not called any more.
    void cancel(std::uint64_t ticket);
    /// Streams without a capture (camera.keep_warm = "always").
    void warmUp();

    /// `look` gets the next frame, that of a capture or one of its own when none is due: once, within the loop's turn,
    /// with the transform that is left, and with the usual controls. It never makes a capture wait. Replaces the one
    /// before; empty = none.
    using Look = std::function<void(const Frame&, Transform)>;
    void look(Look look);

    /// The camera is gone: everything that waits for a frame fails.
    void cameraLost(const Error& error);

    [[nodiscard]] bool isQuiet() const { return jobs_.empty() && !stream_.isStreaming(); }

    static constexpr seconds kLivePause{3};       ///< between live pictures, for which the camera goes on streaming
    static constexpr int kMaxSilences = 2;        ///< of silenceLimit(), in a row, then it is hopeless
    static constexpr int kMaxDamagedFrames = 30;  ///< for one capture

  private:
    enum class Stage { kWaiting, kEncoding, kDone };
    enum class Kind { kCapture, kLive };
    struct Job {
        std::uint64_t ticket = 0;
        Capture capture;
        bool isForFrame = false;   ///< nothing is encoded: it shows that the camera works
        Timer timer;               ///< of its deadline
        SteadyTime settleUntil{};  ///< then a frame that has not settled is better than none
        Stage stage = Stage::kWaiting;
        int damagedFrames = 0;
        std::string damage;  ///< of the last damaged frame
        Result<FinishedPicture> result = fail(Errc::kCancelled, "not taken");
        Done done;
        BootTime exposed{};  ///< its exposure began
        BootTime received{};
        BootTime encoded{};
    };
    /// What the camera was asked for.
    struct Demand {
        SteadyTime since{};
        std::pair<int, int> size;
        bool isForLook = false;  ///< only `look_` or live view wants it
    };

    void scheduleAdvance();
    void advance();
    /// The camera drops what it was asked for when it stops.
    [[nodiscard]] bool isDemanding() const { return demand_ && stream_.isStreaming(); }
    void demandFrame(std::pair<int, int> size, const Controls& controls, BootTime notBefore, bool isForLook);
    [[nodiscard]] milliseconds expectedFrame() const { return longestFrame(config_.camera, stream_.controls()); }
    void demandForLook(const Job* live);
    [[nodiscard]] std::pair<int, int> sizeFor(const Capture& live) const;
    void serve(Job& job, const Frame& frame, std::pair<int, int> size);
    void takeFrame(Result<Frame> frame);
    [[nodiscard]] bool mustSettle(const Job& job, const Frame& frame) const;
    void encode(Job& job, Frame frame);
    [[nodiscard]] RenderOptions optionsFor(const Capture& capture, const Frame& frame, WallTime exposureStart) const;
    void timeOut(std::uint64_t ticket);
    void cameraSilent();
    void cameraFailed(const Error& error);
    void failWaiting(const Error& error);
    void frameDamaged(std::uint64_t ticket, const Error& error);
    void complete(std::uint64_t ticket, Result<FinishedPicture> result);
    void deliver();
    static void logTimings(const Job& job);
    [[nodiscard]] Job* find(std::uint64_t ticket);
    [[nodiscard]] Job* firstWaiting(Kind kind);

    Loop& loop_;
    Camera& camera_;
    const Config config_;
    Events events_;
    EncoderPool encoders_;
    StreamManager stream_;
    std::deque<Job> jobs_;
    std::uint64_t nextTicket_ = 1;
    std::optional<Demand> demand_;
    Look look_;
    Timer lookTimer_;
    SteadyTime streamUsedAt_{};  ///< by something else than live view
    SteadyTime liveUntil_{};     ///< kLivePause after the last live picture
    BootTime liveExposed_{};     ///< the start of its exposure
    int silences_ = 0;
    Scope scope_;
};

}  // namespace edge
