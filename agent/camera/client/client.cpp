// SPDX-License-Identifier: MIT
#include "camera/client/client.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "camera/client/program_link.hpp"
#include "core/system/log.hpp"

namespace edge {
namespace {

constexpr const char* kNotConfigured = "no camera is configured: set camera.backend to use one";
constexpr const char* kNotLookedFor = "the camera has not been looked for yet";

/// The program answers this much earlier than the deadline, so that its message, which knows more, is the one reported.
milliseconds deadlineMargin(milliseconds timeout) {
    return std::min(timeout / 10, milliseconds{200});
}

/// What the camera program reads of the configuration, except the log level, which its next start applies.
bool isSameForProgram(const Config& a, const Config& b) {
    CameraConfig same = a.camera;
    same.timeout = b.camera.timeout;
    const bool isSameText =
        a.image.timestamp == b.image.timestamp && (!a.image.timestamp || a.device.name == b.device.name);
    return same == b.camera && isSameText;
}

bool isValidSize(int size, int max) {
    return size >= 64 && size <= max && size % 2 == 0;
}

bool isValid(const Capture& capture) {
    return isValidSize(capture.width, 9152) && isValidSize(capture.height, 6944) && capture.quality >= 1 &&
           capture.quality <= 100;
}

}  // namespace

CameraClient::CameraClient(Loop& loop, const Config& config)
    : CameraClient(loop, config, std::make_unique<ProgramLink>(loop, config)) {}

CameraClient::CameraClient(Loop& loop, const Config& config, std::unique_ptr<CameraLink> link)
    : loop_(loop),
      config_(config),
      link_(std::move(link)),
      queue_(loop, [this](std::uint64_t id, bool wasSent) { requestTimedOut(id, wasSent); }) {
    state_.reason = isConfigured() ? kNotLookedFor : kNotConfigured;
    if (isConfigured()) retryAfter(milliseconds{0});
}

void CameraClient::onReload(const Config& before) {
    if (isSameForProgram(config_, before)) return;
    isOutdated_ = true;
    advance();
}

void CameraClient::capture(const PictureRequest& request, PictureHandler done) {
    Capture capture;
    capture.width = request.width.value_or(config_.camera.width);
    capture.height = request.height.value_or(config_.camera.height);
    capture.quality = request.quality.value_or(config_.image.quality);
    const auto limit = request.maxBytes > 0 ? request.maxBytes : static_cast<std::uint64_t>(config_.image.maxBytes);
    capture.maxBytes = std::clamp<std::uint64_t>(limit, 1, kMaxPictureBytes);
    capture.notBefore = request.notBefore > BootTime{} ? request.notBefore : bootTimeNow();
    capture.deadline = bootTimeNow() + request.timeout - deadlineMargin(request.timeout);
    const bool isOff = !isConfigured() && !isOutdated_;  // once outdated, it waits for those before it
    if (isOff || !isValid(capture)) {
        Error error =
            isOff ? Error{Errc::kUnavailable, kNotConfigured}
                  : Error{Errc::kInvalid, "width is even, 64 to 9152, height even, 64 to 6944, quality 1 to 100"};
        loop_.post([done = std::move(done), error = std::move(error)] { done(tl::unexpected(error)); });
        return;
    }
    queue_.add(capture, request.timeout, std::move(done));
    // A program that is ready gets it now. Anything else may end it, and `done` must not be called inside this call.
    if (phase_ == Phase::kReady && !isOutdated_) return advance();
    loop_.post(scope_.wrap([this] { advance(); }));
}

/// Does what the requests need next.
void CameraClient::advance() {
    if (isOutdated_) return queue_.hasSent() ? void() : restart();
    if (queue_.isEmpty()) return;
    if (phase_ == Phase::kClosed) return retryAt_ ? failHopeless() : lookForCamera();
    if (phase_ != Phase::kReady) return;
    while (auto* entry = queue_.nextToSend()) {
        // A closed socket is read to its end, which says why; one that is not read is silent until the timeouts.
        if (!link_->send(entry->capture)) return;
        entry->isSent = true;
    }
}

/// No capture is sent: the next connection is to a program that reads the configuration file again. One that systemd
/// started does so by itself: it says goodbye to a hello when its file has changed.
void CameraClient::restart() {
    isOutdated_ = false;
    link_->close();
    forgetConnection();
    retryDelay_ = kRetryMin;
    fastRetriesLeft_ = kFastRetries;
    if (isConfigured()) return retryAfter(milliseconds{0});
    stopRetrying();
    setState({false, "", kNotConfigured});
    queue_.fail({Errc::kUnavailable, kNotConfigured});
}

/// On a new connection, or again on the one there is.
void CameraClient::lookForCamera() {
    if (phase_ == Phase::kClosed) {
        if (isOutdated_) return restart();
        const auto opened =
            link_->open({[this](CameraReply reply, UniqueFd memory) { receive(std::move(reply), std::move(memory)); },
                         [this](const std::string& reason) { linkEnded(reason); }});
        if (!opened) return failAttempt(opened.error().message);
        phase_ = Phase::kGreeting;
    }
    helloTimer_ = loop_.after(kHelloLimit, [this] { programHangs(); });
    // A camera that failed may still be listed: only a frame proves that it is back.
    const bool hasFailed = !state_.online && state_.reason != kNotLookedFor;
    const auto sent = link_->send(Hello{kProtocolVersion, hasFailed});
    if (!sent) refuse(sent.error().message);
}

void CameraClient::receive(CameraReply reply, UniqueFd memory) {
    silenceTimer_.cancel();
    if (phase_ == Phase::kSilent) {
        phase_ = Phase::kReady;
        if (!state_.online && !retryAt_) retryAfter(retryDelay_);  // the attempt that fell into the silence
    }
    if (const auto* taken = std::get_if<PictureTaken>(&reply)) {
        handle(*taken, std::move(memory));
    } else if (const auto* failed = std::get_if<CaptureFailed>(&reply)) {
        handle(*failed);
    } else if (const auto* description = std::get_if<Description>(&reply)) {
        handle(*description);
    } else if (const auto* goodbye = std::get_if<Goodbye>(&reply)) {
        handle(*goodbye);
    } else if (const auto* motion = std::get_if<Motion>(&reply)) {
        if (motionHandler_ && config_.camera.motion.enabled) motionHandler_(motion->isMoving);
    }
    advance();
}

void CameraClient::handle(const Description& description) {
    if (description.version != kProtocolVersion) {
        return refuse(versionMismatch("pi-edge-agent", "pi-edge-camera", description.version));
    }
    helloTimer_.cancel();
    if (phase_ == Phase::kGreeting) phase_ = Phase::kReady;
    fastRetriesLeft_ = 0;
    if (!description.online) return goOffline(description.reason);
    stopRetrying();
    if (!state_.online) {
        onlineSince_ = loop_.clock().now();
        log::info("camera online: {} ({}{}{})", description.model, description.backend,
                  description.library.empty() ? "" : ", ", description.library);
    }
    setState({true, description.model, ""});
}

void CameraClient::handle(const PictureTaken& taken, UniqueFd memory) {
    auto jpeg = pictures_.read(taken.id, taken.bytes, std::move(memory));  // even if late: the next one has its memory
    if (!jpeg) return refuse(jpeg.error().message);
    if (!queue_.isKnown(taken.id)) return refuse("the camera program sent a picture that was not requested");
    const auto* entry = queue_.find(taken.id);
    if (entry == nullptr) return;  // it came after its timeout
    if (jpeg->size() > entry->capture.maxBytes) return refuse("the camera program sent a picture over the limit");
    retryDelay_ = kRetryMin;
    queue_.finish(taken.id, Picture{std::move(*jpeg), taken.exposureStart, taken.width, taken.height, taken.quality,
                                    taken.reduced, taken.camera});
}

void CameraClient::handle(const CaptureFailed& failed) {
    if (!queue_.isKnown(failed.id)) return refuse("the camera program answered a request that was not sent");
    queue_.finish(failed.id, fail(failed.code, failed.message));
}

void CameraClient::handle(const Goodbye& goodbye) {
    if (!goodbye.mayReconnect) return refuse(goodbye.reason);
    log::debug("the camera program exits: {}", goodbye.reason);
    if (phase_ == Phase::kGreeting) {  // its configuration has changed
        if (fastRetriesLeft_ == 0) fastRetriesLeft_ = kFastRetries;
    } else {
        phase_ = Phase::kLeaving;
    }
}

void CameraClient::linkEnded(const std::string& reason) {
    const Phase last = phase_;
    forgetConnection();
    if (last == Phase::kLeaving) {
        queue_.unsend();  // what reached it too late goes to the next one
        fastRetriesLeft_ = kFastRetries;
        const bool isWanted = !state_.online || config_.camera.motion.enabled;
        return isWanted && !retryAt_ ? lookForCamera() : advance();
    }
    if (last == Phase::kGreeting) {
        const bool isFast = fastRetriesLeft_ > 0 && --fastRetriesLeft_ > 0;
        return isFast ? retryAfter(kFastRetry) : failAttempt("the camera program " + reason);
    }
    fastRetriesLeft_ = kFastRetries;  // systemd cleans up after a killed program, too
    goOffline("the camera program " + reason);
    queue_.lose({Errc::kUnavailable, state_.reason});
    failHopeless();
}

void CameraClient::requestTimedOut(std::uint64_t id, bool wasSent) {
    if (!wasSent || phase_ == Phase::kClosed || phase_ == Phase::kLeaving) return;
    (void)link_->send(Cancel{id});  // a program that does not read it is silent
    if (phase_ != Phase::kSilent) silenceTimer_ = loop_.after(kSilenceLimit, [this] { programHangs(); });
    phase_ = Phase::kSilent;
}

void CameraClient::programHangs() {
    link_->abort();
    if (phase_ != Phase::kGreeting) fastRetriesLeft_ = kFastRetries;
    forgetConnection();
    goOffline("the camera program did not answer for too long and was ended");
    queue_.unsend();  // the request that it hangs on is answered already; the others did nothing
    failHopeless();
}

void CameraClient::refuse(const std::string& reason) {
    link_->abort();
    failAttempt(reason);
}

void CameraClient::failAttempt(const std::string& reason) {
    forgetConnection();
    goOffline(reason);
    queue_.fail({Errc::kUnavailable, reason});
}

void CameraClient::forgetConnection() {
    phase_ = Phase::kClosed;
    helloTimer_.cancel();
    silenceTimer_.cancel();
    pictures_.clear();
}

/// Answers now what would time out before the next attempt.
void CameraClient::failHopeless() {
    queue_.fail({Errc::kUnavailable, state_.reason}, *retryAt_);
}

void CameraClient::goOffline(const std::string& reason) {
    // A camera that worked for a while starts from the beginning; one that fails as soon as it is used does not.
    if (state_.online && loop_.clock().now() - onlineSince_ > kRetryMax) retryDelay_ = kRetryMin;
    retryAfter(retryDelay_);
    retryDelay_ = std::min(retryDelay_ * 2, kRetryMax);
    setState({false, state_.model, reason});
}

void CameraClient::retryAfter(milliseconds delay) {
    retryAt_ = loop_.clock().now() + delay;
    retryTimer_ = loop_.at(*retryAt_, [this] {
        retryAt_.reset();
        // In the other phases a timer or the end of the connection comes.
        if (phase_ == Phase::kClosed || phase_ == Phase::kReady) lookForCamera();
    });
}

void CameraClient::stopRetrying() {
    retryTimer_.cancel();
    retryAt_.reset();
}

void CameraClient::setState(CameraState state) {
    if (state == state_) return;
    if (!state.online) log::warning("camera offline: {}", state.reason);
    state_ = std::move(state);
    if (stateHandler_) stateHandler_(state_);
}

}  // namespace edge
