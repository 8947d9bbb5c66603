// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "camera/client/picture_source.hpp"
#include "camera/ipc/protocol.hpp"
#include "camera/ipc/shared_jpeg.hpp"
#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/scope.hpp"
#include "core/result.hpp"
#include "core/system/files.hpp"

namespace edge {

/// A connection to a camera program: the real one, or a fake. Thread: the loop's, callbacks too; a callback may call
/// close() and open().
class CameraLink {
  public:
    struct Events {
        /// A reply, with the descriptor that came along (or none).
        std::function<void(const CameraReply&, UniqueFd)> received;
        /// The connection ended by itself. The reason continues "the camera program …". close() has been done.
        std::function<void(const std::string&)> ended;
    };

    virtual ~CameraLink() = default;

    /// Connects and sends `hello`; only when closed. Never calls back inside this call. The error's message says what
    /// to do.
    virtual Result<void> open(const Hello& hello, Events events) = 0;
    /// `memory` goes along; -1 = none.
    virtual Result<void> send(const CameraRequest& request, int memory) = 0;
    /// Ends the connection without an event. A child process gets time to exit by itself.
    virtual void close() = 0;
    /// Ends the connection with a program that hangs: a child is killed at once. systemd kills its own (watchdog).
    virtual void abort() = 0;
};

/// Pictures from pi-edge-camera: a child process, or behind systemd's socket (see ProgramLink). Looks for the camera
/// when it is made, and again (after 1 s, doubling to 60 s) while it is offline. A program that is silent past a
/// capture's deadline is ended and started again. What a program that died had not answered is asked of the next one,
/// once. Destroying it drops unanswered requests and ends a child. Thread: the loop's.
class CameraClient : public PictureSource {
  public:
    /// `config` must outlive it.
    CameraClient(Loop& loop, const Config& config);
    /// With another link, for tests and for a program that is somewhere else.
    CameraClient(Loop& loop, const Config& config, std::unique_ptr<CameraLink> link);

    /// A program with the new settings takes the next picture; captures that were sent are answered first. `config` of
    /// the constructor is the new one already.
    void onReload(const Config& before);

    void capture(const PictureRequest& request, PictureHandler done) override;
    void convert(std::string_view jpeg, WallTime exposureStart, const PictureRequest& request,
                 PictureHandler done) override;
    [[nodiscard]] const CameraState& state() const override { return state_; }
    void onStateChange(StateHandler handler) override { stateHandler_ = std::move(handler); }
    /// With camera.motion, the connection is made again whenever it ends.
    void onMotion(MotionHandler handler) override { motionHandler_ = std::move(handler); }

    static constexpr seconds kHelloLimit{7};  ///< covers start and libraries; silenceLimit() for a first frame is added
    static constexpr seconds kSilenceLimit{2};      ///< past a deadline, before the program counts as hung
    static constexpr milliseconds kFastRetry{200};  ///< between attempts right after the end of a working program …
    static constexpr int kFastRetries = 5;          ///< … while systemd may still be cleaning up after it
    static constexpr milliseconds kRetryMin = seconds{1};
    static constexpr milliseconds kRetryMax = seconds{60};

  private:
    /// Of the connection.
    enum class Phase {
        kClosed,    ///< opened for the next request, or at retryAt_
        kGreeting,  ///< waits for the first Description
        kReady,     ///< captures are sent
        kSilent,    ///< a deadline passed without an answer: nothing is sent until something is received
        kLeaving,   ///< the program said goodbye and is about to exit
    };

    /// A capture or a conversion that is not answered yet.
    struct Request {
        std::uint64_t id = 0;
        std::uint64_t maxBytes = 0;
        CameraRequest message;
        UniqueFd source{};  ///< of a conversion
        SteadyTime deadline{};
        PictureHandler done{};
        Timer timer{};
        bool isSent = false;
        bool wasLost = false;  ///< was sent to a program that died
    };

    template <typename Message>
    void enqueue(Message message, UniqueFd source, const PictureRequest& request, PictureHandler done);
    void advance();
    void sendRequests();
    void restart();
    void lookForCamera();

    void receive(const CameraReply& reply, UniqueFd memory);
    void handle(const Description& description, UniqueFd memory);
    void handle(const PictureTaken& taken, UniqueFd memory);
    void handle(const CaptureFailed& failed, UniqueFd memory);
    void handle(const PictureBefore& picture, UniqueFd memory);
    void handle(const Motion& motion, UniqueFd memory);
    void handle(const Goodbye& goodbye, UniqueFd memory);

    [[nodiscard]] std::deque<Request>::iterator find(std::uint64_t id);
    void answer(std::uint64_t id, Result<Picture> result);
    /// Answers all that match.
    void failIf(const std::function<bool(const Request&)>& matches, const std::string& reason);
    /// All are sent on the next connection, what was sent already too.
    void unsend();
    void timeOut(std::uint64_t id);

    void linkEnded(const std::string& reason);
    void programHangs();
    /// The other side broke the protocol, or never spoke it.
    void refuse(const std::string& reason);
    void failAttempt(const std::string& reason);
    void forgetConnection();
    void goOffline(const std::string& reason);
    void failHopeless();
    void retryAfter(milliseconds delay);
    void stopRetrying();
    void setState(CameraState state);
    [[nodiscard]] bool isConfigured() const { return config_.camera.backend != CameraBackend::kNone; }

    Loop& loop_;
    const Config& config_;
    std::unique_ptr<CameraLink> link_;
    std::deque<Request> requests_;  ///< in order
    std::uint64_t nextId_ = 1;
    SharedJpegReader pictures_;
    CameraState state_;
    StateHandler stateHandler_;
    MotionHandler motionHandler_;
    std::vector<Picture> before_;  ///< a Motion is about to follow

    Phase phase_ = Phase::kClosed;
    bool isOutdated_ = false;            ///< the program has other settings than `config_`: it gets no more captures
    int fastRetriesLeft_ = 0;            ///< attempts that may follow at once the end of the last connection
    std::optional<SteadyTime> retryAt_;  ///< when the camera is looked for; no connection is opened before
    milliseconds retryDelay_ = kRetryMin;
    SteadyTime onlineSince_{};
    Timer retryTimer_;
    Timer helloTimer_;
    Timer silenceTimer_;
    Scope scope_;
};

/// One picture as configured, for a program that wants no other. Blocks for camera.timeout at most.
Result<Picture> takePicture(const Config& config);

}  // namespace edge
