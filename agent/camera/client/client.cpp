// SPDX-License-Identifier: MIT
#include "camera/client/client.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "camera/client/child_link.hpp"
#include "camera/client/socket_link.hpp"
#include "core/system/log.hpp"

namespace edge {
namespace {

std::unique_ptr<CameraLink> makeLink(Loop& loop, const Config& config) {
    if (config.camera.backend == CameraBackend::kNone) return nullptr;
    if (!config.camera.socket.empty()) return std::make_unique<SocketLink>(loop, config.camera.socket);
    return std::make_unique<ChildLink>(loop, findCameraProgram(), config.file);
}

/// The program answers this much earlier than the deadline, so that its sentence, which knows more, is the one told.
milliseconds deadlineMargin(milliseconds timeout) {
    return std::min(timeout / 10, milliseconds{200});
}

constexpr const char* kNotConfigured = "no camera is configured: set camera.backend to use one";

/// What the camera program reads of the configuration, but for the log's level, which its next start brings.
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

}  // namespace

CameraClient::CameraClient(Loop& loop, const Config& config) : CameraClient(loop, config, makeLink(loop, config)) {}

CameraClient::CameraClient(Loop& loop, const Config& config, std::unique_ptr<CameraLink> link)
    : loop_(loop),
      config_(config),
      link_(std::move(link)),
      queue_(loop, [this](std::uint64_t id, bool wasSent) { requestTimedOut(id, wasSent); }) {
    state_.reason = link_ ? "the camera has not been looked for yet" : kNotConfigured;
    if (!link_) return;
    retryAfter(milliseconds{0});
}

CameraClient::~CameraClient() = default;

void CameraClient::onReload(const Config& before) {
    if (isSameForProgram(config_, before)) return;
    const bool wasConfigured = before.camera.backend != CameraBackend::kNone;
    const bool isConfigured = config_.camera.backend != CameraBackend::kNone;
    isOtherLink_ = isOtherLink_ || wasConfigured != isConfigured || config_.camera.socket != before.camera.socket;
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
    const bool isValid = isValidSize(capture.width, 9152) && isValidSize(capture.height, 6944) &&
                         capture.quality >= 1 && capture.quality <= 100;
    if (!link_ || !isValid) {
        Error error =
            link_ ? Error{Errc::kInvalid, "width is even, 64 to 9152, height even, 64 to 6944, quality 1 to 100"}
                  : Error{Errc::kUnavailable, state_.reason};
        loop_.post([done = std::move(done), error = std::move(error)] { done(tl::unexpected(error)); });
        return;
    }
    capture.deadline = bootTimeNow() + request.timeout - deadlineMargin(request.timeout);
    queue_.add(capture, request.timeout, std::move(done));
    advance();
}

void CameraClient::advance() {
    if (std::exchange(isAdvancing_, true)) return;
    loop_.post([this, alive = std::weak_ptr(alive_)] {
        if (alive.expired()) return;
        isAdvancing_ = false;
        if (isOutdated_ && queue_.sentCount() == 0) renew();
        if (!link_ || queue_.isEmpty()) return;
        if (link_->isOpen()) {
            sendCaptures();
        } else if (isRetryDue_) {
            failHopeless();
        } else {
            openLink();
        }
    });
}

/// Nothing is under way in the camera program. One that is asked who it is, and finds that its file has changed, ends
/// in order; the next one has read the file.
void CameraClient::renew() {
    if (isOtherLink_) return replaceLink();
    if (link_ && link_->isOpen()) {
        const bool canBeAsked = isGreeted_ && !isFarewell_ && !isSilent_;
        if (canBeAsked && !std::exchange(isRenewing_, true)) greet();
        return;
    }
    isOutdated_ = false;
    if (!link_) return;
    retryDelay_ = kRetryMin;
    retryAfter(milliseconds{0});
}

void CameraClient::replaceLink() {
    isOtherLink_ = false;
    if (link_) link_->close();
    leaveProgram();
    retryTimer_.cancel();
    isRetryDue_ = false;
    isGreeted_ = false;
    isFarewell_ = false;
    isSilent_ = false;
    isFirstLook_ = true;
    hasteLeft_ = 0;
    retryDelay_ = kRetryMin;
    link_ = makeLink(loop_, config_);
    if (link_) return retryAfter(milliseconds{0});
    setState({false, "", kNotConfigured});
    queue_.failIf([](const RequestQueue::Entry&) { return true; }, {Errc::kUnavailable, kNotConfigured});
}

/// Looks for the camera: on a new connection, or again on the one there is.
void CameraClient::openLink() {
    if (isOtherLink_) return advance();  // not inside a call of the link that goes
    if (!link_->isOpen()) {
        isGreeted_ = false;
        isFarewell_ = false;
        isSilent_ = false;
        const auto opened =
            link_->open({[this](CameraReply reply, UniqueFd fd) { receive(std::move(reply), std::move(fd)); },
                         [this](const std::string& reason) { linkEnded(reason); }});
        if (!opened) return failAttempt(opened.error());
    }
    greet();
}

void CameraClient::greet() {
    helloTimer_ = loop_.after(kHelloLimit, [this] { programHangs(); });
    const auto sent = link_->send(Hello{kProtocolVersion, !isFirstLook_});
    if (!sent) refuse(sent.error().message);
}

void CameraClient::sendCaptures() {
    if (!isGreeted_ || isSilent_ || isFarewell_ || isOutdated_) return;
    while (queue_.sentCount() < kPipelineDepth) {
        auto* entry = queue_.nextUnsent();
        if (entry == nullptr) return;
        const auto sent = sendCapture(*entry);
        if (!sent)
            return;  // a closed socket is read to its end, which says why; one that is not read is silent: timeouts
    }
}

Result<void> CameraClient::sendCapture(RequestQueue::Entry& entry) {
    entry.capture.slot = queue_.freeSlot();
    auto sent = link_->send(entry.capture);
    entry.isSent = sent.has_value();
    return sent;
}

void CameraClient::receive(CameraReply reply, UniqueFd fd) {
    silenceTimer_.cancel();
    isSilent_ = false;
    if (const auto* picture = std::get_if<PictureTaken>(&reply)) {
        handle(*picture, std::move(fd));
    } else if (const auto* failed = std::get_if<CaptureFailed>(&reply)) {
        handle(*failed);
    } else if (const auto* motion = std::get_if<Motion>(&reply)) {
        handle(*motion);
    } else if (const auto* description = std::get_if<Description>(&reply)) {
        handle(*description);
    } else if (const auto* farewell = std::get_if<Farewell>(&reply)) {
        if (farewell->kind == FarewellKind::kRefused) return refuse(farewell->reason);
        log::debug("the camera program ends: {}", farewell->reason);
        isFarewell_ = true;
        return;
    }
    advance();
}

void CameraClient::handle(const Description& description) {
    if (description.version != kProtocolVersion) {
        return refuse(versionMismatch("pi-edge-agent", "pi-edge-camera", description.version));
    }
    helloTimer_.cancel();
    isGreeted_ = true;
    if (std::exchange(isRenewing_, false)) isOutdated_ = false;
    hasteLeft_ = 0;
    isFirstLook_ = false;
    const bool wasOnline = state_.online;
    if (!description.online) scheduleRetry();
    setState({description.online, description.model, description.reason});
    if (description.online) {
        if (!wasOnline) {
            onlineSince_ = loop_.clock().now();
            log::info("camera online: {} ({}{}{})", description.model, description.backend,
                      description.library.empty() ? "" : ", ", description.library);
        }
        retryTimer_.cancel();
        isRetryDue_ = false;
    }
}

void CameraClient::handle(const PictureTaken& taken, UniqueFd memory) {
    auto jpeg = inbox_.take(taken.slot, taken.bytes, std::move(memory));  // also too late: its memory is the next one's
    if (!jpeg) return refuse(jpeg.error().message);
    const auto* entry = queue_.find(taken.id);
    if (entry == nullptr) {
        if (!queue_.isKnown(taken.id)) refuse("the camera program sent a picture that nobody asked for");
        return;  // it came after its timeout
    }
    if (taken.slot != entry->capture.slot) return refuse("the camera program left a picture in another one's place");
    if (jpeg->size() > entry->capture.maxBytes) return refuse("the camera program sent a picture over the limit");
    retryDelay_ = kRetryMin;
    queue_.finish(taken.id, Picture{std::move(*jpeg), taken.exposureStart, taken.width, taken.height, taken.quality,
                                    taken.reduced, taken.camera});
}

void CameraClient::handle(const Motion& motion) {
    if (!config_.camera.motion.enabled && isOutdated_) return;
    if (!config_.camera.motion.enabled) return refuse("the camera program sent what nobody asked for");
    if (motionHandler_) motionHandler_(motion.isMoving);
}

void CameraClient::handle(const CaptureFailed& failed) {
    if (!queue_.isKnown(failed.id)) return refuse("the camera program answered what nobody asked");
    queue_.finish(failed.id, fail(failed.code, failed.message));
}

void CameraClient::linkEnded(const std::string& reason) {
    const bool wasOutdated = isOutdated_;
    leaveProgram();
    if (isFarewell_ && isGreeted_) {
        queue_.unsend();  // what reached it too late goes to the next one
        hasteLeft_ = kHasteLimit;
        const bool isWanted = !state_.online || config_.camera.motion.enabled || wasOutdated;
        const bool isLooking = isWanted && !isRetryDue_;
        return isLooking ? openLink() : advance();
    }
    if (!isGreeted_ && (isFarewell_ || hasteLeft_ > 0)) {
        // Told to come again before it looked (its configuration had changed), or come while systemd cleared it away.
        if (isFarewell_ && hasteLeft_ == 0) hasteLeft_ = kHasteLimit;
        if (--hasteLeft_ > 0) return retryAfter(kHaste);
    }
    const Error error{Errc::kUnavailable, "the camera program " + reason};
    if (!isGreeted_) return failAttempt(error);
    hasteLeft_ = kHasteLimit;  // whoever is killed is cleared away, too
    scheduleRetry();
    setState({false, state_.model, error.message});
    queue_.lose(error);
    failHopeless();
}

void CameraClient::requestTimedOut(std::uint64_t id, bool wasSent) {
    if (!wasSent || !link_->isOpen()) return;
    // Without the cancel it might leave this picture in the place of the next one.
    const auto sent = link_->send(Cancel{id});
    if (!sent && sent.error().code == Errc::kBusy) return programHangs();
    if (!isSilent_) silenceTimer_ = loop_.after(kSilenceLimit, [this] { programHangs(); });
    isSilent_ = true;
}

void CameraClient::programHangs() {
    link_->abort();
    leaveProgram();
    const Error error{Errc::kUnavailable, "the camera program was silent for too long and has been given up"};
    if (isGreeted_) hasteLeft_ = kHasteLimit;
    scheduleRetry();
    setState({false, state_.model, error.message});
    queue_.unsend();  // the request that it hangs on is answered already; the others did nothing
    failHopeless();
}

void CameraClient::refuse(const std::string& reason) {
    link_->abort();
    failAttempt({Errc::kUnavailable, reason});
}

void CameraClient::failAttempt(const Error& error) {
    leaveProgram();
    scheduleRetry();
    setState({false, state_.model, error.message});
    queue_.failIf([](const RequestQueue::Entry&) { return true; }, {Errc::kUnavailable, error.message});
}

void CameraClient::leaveProgram() {
    helloTimer_.cancel();
    silenceTimer_.cancel();
    inbox_.clear();
    isRenewing_ = false;
    isOutdated_ = isOtherLink_;
}

/// Whoever would time out before the next attempt is told now, and why.
void CameraClient::failHopeless() {
    const SteadyTime retryAt = retryAt_;
    queue_.failIf([retryAt](const RequestQueue::Entry& entry) { return entry.deadline <= retryAt; },
                  {Errc::kUnavailable, state_.reason});
}

void CameraClient::scheduleRetry() {
    // A camera that worked for a while starts from the beginning; one that fails as soon as it is used does not.
    if (state_.online && loop_.clock().now() - onlineSince_ > kRetryMax) retryDelay_ = kRetryMin;
    isFirstLook_ = false;
    retryAfter(retryDelay_);
    retryDelay_ = std::min(retryDelay_ * 2, kRetryMax);
}

void CameraClient::retryAfter(milliseconds delay) {
    isRetryDue_ = true;
    retryAt_ = loop_.clock().now() + delay;
    retryTimer_ = loop_.at(retryAt_, [this] {
        isRetryDue_ = false;
        openLink();
    });
}

void CameraClient::setState(CameraState state) {
    if (state == state_) return;
    if (!state.online) log::warning("camera offline: {}", state.reason);
    state_ = std::move(state);
    if (stateHandler_) stateHandler_(state_);
}

}  // namespace edge
