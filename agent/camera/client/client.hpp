// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "camera/client/camera_link.hpp"
#include "camera/client/picture_source.hpp"
#include "camera/client/request_queue.hpp"
#include "camera/ipc/picture_inbox.hpp"
#include "config/config.hpp"
#include "core/loop/loop.hpp"

namespace edge {

/// Pictures from pi-edge-camera: started as a child (camera.socket = "") or reached over systemd's socket; one or the
/// other as configured, never a fallback. Looks for the camera when it is made, and again (after 1 s, doubling to 60 s)
/// while it is offline. A program that is silent past a capture's deadline is ended and started again. What a program
/// that died owed is asked of the next one, once. Destroying it drops what is unanswered, and ends a child.
/// Thread: the loop's.
class CameraClient : public PictureSource {
  public:
    CameraClient(Loop& loop, const Config& config);
    /// With another link, for tests and for a program that is somewhere else.
    CameraClient(Loop& loop, const Config& config, std::unique_ptr<CameraLink> link);
    ~CameraClient() override;

    /// Another camera program, or the same with other settings, takes the next picture: what is under way is answered
    /// first. `config`, which this object refers to, is the new one already.
    void onReload(const Config& before);

    void capture(const PictureRequest& request, PictureHandler done) override;
    [[nodiscard]] const CameraState& state() const override { return state_; }
    void onStateChange(StateHandler handler) override { stateHandler_ = std::move(handler); }
    /// With camera.motion, the connection is made again whenever it ends.
    void onMotion(MotionHandler handler) override { motionHandler_ = std::move(handler); }

    static constexpr std::size_t kPipelineDepth = 3;  ///< captures sent ahead of their answers
    static constexpr seconds kHelloLimit{10};         ///< covers start, libraries, and a first frame from a slow sensor
    static constexpr seconds kSilenceLimit{2};        ///< past a deadline, before the program counts as hung
    static constexpr milliseconds kHaste{200};        ///< between attempts right after the end of one that worked …
    static constexpr int kHasteLimit = 5;             ///< … and how many of them
    static constexpr milliseconds kRetryMin = seconds{1};
    static constexpr milliseconds kRetryMax = seconds{60};

  private:
    void advance();
    void renew();
    void replaceLink();
    void openLink();
    void greet();
    void sendCaptures();
    Result<void> sendCapture(RequestQueue::Entry& entry);

    void receive(CameraReply reply, UniqueFd fd);
    void handle(const Description& description);
    void handle(const PictureTaken& taken, UniqueFd memory);
    void handle(const CaptureFailed& failed);
    void handle(const Motion& motion);

    void linkEnded(const std::string& reason);
    void requestTimedOut(std::uint64_t id, bool wasSent);
    void programHangs();
    /// The other side broke the protocol, or never spoke it.
    void refuse(const std::string& reason);
    void failAttempt(const Error& error);
    /// Nothing of it is waited for, and nothing kept, any more.
    void leaveProgram();
    void failHopeless();
    void scheduleRetry();
    void retryAfter(milliseconds delay);
    void setState(CameraState state);

    Loop& loop_;
    const Config& config_;
    std::unique_ptr<CameraLink> link_;
    RequestQueue queue_;
    PictureInbox inbox_;
    CameraState state_;
    StateHandler stateHandler_;
    MotionHandler motionHandler_;

    bool isGreeted_ = false;    ///< hello was answered on this connection
    bool isFirstLook_ = true;   ///< later looks want to see a frame
    bool isAdvancing_ = false;  ///< an advance() is posted
    bool isOutdated_ = false;   ///< the program has other settings than `config_`: it gets no more captures
    bool isRenewing_ = false;   ///< … it has been asked to look at its file, and has not answered yet
    bool isOtherLink_ = false;  ///< … it is another program that is to be used
    int hasteLeft_ = 0;         ///< attempts that follow an end at once: its successor may meet the end of it
    bool isFarewell_ = false;   ///< the program said that it is about to end, in order
    bool isRetryDue_ = false;   ///< the retry timer runs: no connection is opened before
    milliseconds retryDelay_ = kRetryMin;
    SteadyTime retryAt_{};
    SteadyTime onlineSince_{};
    Timer retryTimer_;
    Timer helloTimer_;
    Timer silenceTimer_;
    bool isSilent_ = false;  ///< a deadline passed without a word: nothing more is sent until there is one
    std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace edge
