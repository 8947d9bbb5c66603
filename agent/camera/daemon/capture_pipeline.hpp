// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "camera/camera.hpp"
#include "camera/daemon/encoder.hpp"
#include "camera/daemon/stream_keeper.hpp"
#include "camera/ipc/protocol.hpp"
#include "config/config.hpp"
#include "core/loop/loop.hpp"

namespace edge {

struct FinishedPicture {
    RenderedJpeg rendered;
    WallTime exposureStart{};
    std::string camera;
};

/// Captures, served in order, each with a frame of its own; the next frame is taken while the last is being encoded.
/// Thread: the loop's.
class CapturePipeline {
  public:
    using Done = std::function<void(const Result<FinishedPicture>&)>;
    struct Events {
        std::function<void()> working;             ///< the camera has just given a frame
        std::function<void(const Error&)> broken;  ///< the camera gives none, and why
        std::function<void()> quiet;               ///< nothing to do, and the camera has stopped
        std::function<void()> hopeless;            ///< silent in spite of a fresh start: only a new process may help
    };

    CapturePipeline(Loop& loop, Camera& camera, EncoderPool& encoders, const Config& config, Events events);

    /// `done` is called once, never inside this call, by the capture's deadline. The answer is a ticket for cancel().
    /// A frame that is damaged is left out, and the next one taken in its place. Errors: kUnavailable, kTimeout,
    /// kTooLarge, kInvalid, kFault (kMaxDamagedFrames of them), and what Camera::start() says.
    std::uint64_t capture(const Capture& capture, Done done);
    /// As capture(), of the configured size, but only to see that a frame comes.
    std::uint64_t verify(milliseconds limit, Done done);
    /// `done` is not called any more.
    void cancel(std::uint64_t ticket);
    /// Streams although nobody asks (camera.keep_warm = "always").
    void warmUp();

    /// `look` gets the next frame, that of a capture or one of its own when none is wanted: once, within the loop's
    /// turn, with what is left to be turned. It never makes a capture wait. Another one takes its place; empty = none.
    using Look = std::function<void(const Frame&, Orientation)>;
    void look(Look look);

    /// The camera is gone: everything that waits for a frame fails.
    void cameraLost(const Error& error);

    [[nodiscard]] bool isQuiet() const { return jobs_.empty() && !keeper_.isStreaming(); }
    /// When the most overdue piece of work should have been done; SteadyTime::max() when nothing is under way.
    [[nodiscard]] SteadyTime oldestDeadline() const;

    static constexpr seconds kSilenceLimit{3};    ///< a streaming camera without a frame for this long is silent
    static constexpr int kMaxSilences = 2;        ///< in a row, then it is hopeless
    static constexpr int kMaxDamagedFrames = 30;  ///< for one capture

  private:
    enum class Stage { kWaiting, kEncoding, kDone };
    struct Job {
        std::uint64_t ticket = 0;
        std::optional<Capture> capture;  ///< none: verify
        BootTime notBefore{};
        SteadyTime deadline{};
        Timer timer;
        Stage stage = Stage::kWaiting;
        int damagedFrames = 0;
        std::string damage;  ///< what was wrong with the last one
        Result<FinishedPicture> result = fail(Errc::kCancelled, "not taken");
        Done done;
        struct {
            BootTime exposed{};  ///< its exposure began
            BootTime came{};
            BootTime encoded{};
        } course;
    };

    std::uint64_t add(Job job, milliseconds limit);
    void scheduleAdvance();
    void advance();
    void demandFrame(BootTime notBefore, std::pair<int, int> size);
    void demandLook();
    [[nodiscard]] std::pair<int, int> sizeOf(const Job& job) const;
    void takeFrame(Result<Frame> frame);
    void encode(Job& job, Frame frame);
    [[nodiscard]] RenderOptions optionsFor(const Capture& capture, const Frame& frame, WallTime exposureStart) const;
    void timeOut(std::uint64_t ticket);
    void cameraSilent();
    void failWaiting(const Error& error);
    void frameDamaged(std::uint64_t ticket, const Error& error);
    void complete(std::uint64_t ticket, Result<FinishedPicture> result);
    void deliver();
    static void tellCourse(const Job& job);
    [[nodiscard]] Job* find(std::uint64_t ticket);
    [[nodiscard]] Job* firstWaiting();

    Loop& loop_;
    Camera& camera_;
    EncoderPool& encoders_;
    const Config config_;
    Events events_;
    StreamKeeper keeper_;
    std::deque<Job> jobs_;
    std::uint64_t nextTicket_ = 1;
    Orientation remaining_;
    bool isAdvancing_ = false;     ///< an advance() is posted
    bool isDemanding_ = false;     ///< the camera owes a frame
    bool isLookDemanded_ = false;  ///< and nobody but `look_` wants it
    Look look_;
    Timer lookTimer_;
    SteadyTime demandSince_{};
    std::pair<int, int> demandedSize_{};
    int silences_ = 0;
    std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace edge
