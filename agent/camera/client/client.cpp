// SPDX-License-Identifier: MIT
#include "camera/client/client.hpp"

#include <algorithm>
#include <utility>

#include "camera/client/program_link.hpp"
#include "camera/controls.hpp"
#include "config/load.hpp"
#include "core/loop/asio_loop.hpp"
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
    same.settle = b.camera.settle;
    same.liveMaxRate = b.camera.liveMaxRate;
    const bool isSameText =
        a.image.timestamp == b.image.timestamp && (!a.image.timestamp || drawnName(a.device) == drawnName(b.device));
    return same == b.camera && isSameText;
}

/// What the camera program has to know of what was changed over MQTT.
std::string settingsForProgram(const Config& config) {
    if (!config.overrides) return "";
    Settings settings = changedSettings(config);
    std::erase_if(settings, [](const auto& setting) {
        const std::string& key = setting.first;
        return !key.starts_with("camera.") && key != "image.timestamp" && key != "log.level";
    });
    return formatSettings(settings);
}

}  // namespace

CameraClient::CameraClient(Loop& loop, const Config& config)
    : CameraClient(loop, config, std::make_unique<ProgramLink>(loop, config)) {}

CameraClient::CameraClient(Loop& loop, const Config& config, std::unique_ptr<CameraLink> link)
    : loop_(loop), config_(config), link_(std::move(link)) {
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
    capture.notBefore = request.notBefore > BootTime{} ? request.notBefore : bootTimeNow();
    capture.deadline = bootTimeNow() + request.timeout - deadlineMargin(request.timeout);
    capture.settle = request.settle.value_or(config_.camera.settle);
    capture.isLive = request.isLive;
    capture.controls = request.controls;
    enqueue(capture, {}, request, std::move(done));
}

void CameraClient::convert(std::string_view jpeg, WallTime exposureStart, const PictureRequest& request,
                           PictureHandler done) {
    Convert convert;
    convert.bytes = jpeg.size();
    convert.exposureStart = exposureStart;
    auto source = SharedJpegWriter().write(0, {reinterpret_cast<const std::uint8_t*>(jpeg.data()), jpeg.size()});
    if (!source) {
        return loop_.post([done = std::move(done), error = source.error()] { done(tl::unexpected(error)); });
    }
    enqueue(convert, std::move(*source), request, std::move(done));
}

template <typename Message>
void CameraClient::enqueue(Message message, UniqueFd source, const PictureRequest& request, PictureHandler done) {
    message.width = request.width.value_or(config_.camera.width);
    message.height = request.height.value_or(config_.camera.height);
    message.quality = request.quality.value_or(config_.image.quality);
    const auto limit = request.maxBytes > 0 ? request.maxBytes : static_cast<std::uint64_t>(config_.image.maxBytes);
    message.maxBytes = std::clamp<std::uint64_t>(limit, 1, kMaxPictureBytes);
    if (!isConfigured() && !isOutdated_) {  // once outdated, it waits for those before it
        return loop_.post([done = std::move(done)] { done(fail(Errc::kUnavailable, kNotConfigured)); });
    }
    message.id = nextId_++;
    const SteadyTime deadline = loop_.clock().now() + request.timeout;
    requests_.push_back({.id = message.id,
                         .maxBytes = message.maxBytes,
                         .message = message,
                         .source = std::move(source),
                         .deadline = deadline,
                         .done = std::move(done),
                         .timer = loop_.at(deadline, [this, id = message.id] { timeOut(id); })});
    // A program that is ready gets it now. Anything else may end it, and `done` must not be called inside this call.
    if (phase_ == Phase::kReady && !isOutdated_) return advance();
    loop_.post(scope_.wrap([this] { advance(); }));
}

/// Does what the requests need next.
void CameraClient::advance() {
    if (isOutdated_) {
        const auto isSent = [](const Request& request) { return request.isSent; };
        if (std::none_of(requests_.begin(), requests_.end(), isSent)) restart();
    } else if (phase_ == Phase::kReady) {
        sendRequests();
    } else if (phase_ == Phase::kClosed && !requests_.empty()) {
        retryAt_ ? failHopeless() : lookForCamera();
    }
}

void CameraClient::sendRequests() {
    for (Request& request : requests_) {
        if (request.id >= requests_.front().id + kMaxPending) return;
        // A closed socket is read to its end, which says why; one that is not read is silent until the timeouts.
        if (!request.isSent && !link_->send(request.message, request.source.get())) return;
        request.isSent = true;
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
    failIf([](const Request&) { return true; }, kNotConfigured);
}

/// On a new connection, or again on the one there is.
void CameraClient::lookForCamera() {
    const bool isConnected = phase_ == Phase::kReady;
    if (!isConnected && isOutdated_) return restart();
    // A camera that failed may still be listed: only a frame proves that it is back.
    const Hello hello{kProtocolVersion, !state_.online && state_.reason != kNotLookedFor, settingsForProgram(config_)};
    helloTimer_ = loop_.after(kHelloLimit + silenceLimit(longestFrame(config_.camera)), [this] { programHangs(); });
    CameraLink::Events events{[this](const CameraReply& reply, UniqueFd memory) { receive(reply, std::move(memory)); },
                              [this](const std::string& reason) { linkEnded(reason); }};
    const auto sent = isConnected ? link_->send(hello, -1) : link_->open(hello, std::move(events));
    if (!sent) return refuse(sent.error().message);
    if (!isConnected) phase_ = Phase::kGreeting;
}

void CameraClient::receive(const CameraReply& reply, UniqueFd memory) {
    silenceTimer_.cancel();
    if (phase_ == Phase::kSilent) {
        phase_ = Phase::kReady;
        if (!state_.online && !retryAt_) retryAfter(retryDelay_);  // the attempt that fell into the silence
    }
    std::visit([&](const auto& message) { handle(message, std::move(memory)); }, reply);
    advance();
}

void CameraClient::handle(const Description& description, UniqueFd /*none*/) {
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
    const auto request = find(taken.id);
    if (request == requests_.end()) return;  // it came after its timeout
    if (jpeg->size() > request->maxBytes) return refuse("the camera program sent a picture over the limit");
    retryDelay_ = kRetryMin;
    answer(taken.id, Picture{std::move(*jpeg), taken.exposureStart, taken.width, taken.height, taken.quality,
                             taken.reduced, taken.camera, taken.isSettled});
}

void CameraClient::handle(const PictureBefore& picture, UniqueFd memory) {
    auto jpeg = SharedJpegReader().read(0, picture.bytes, std::move(memory));
    if (!jpeg) return refuse(jpeg.error().message);
    if (std::ssize(before_) == kMaxPicturesBefore) before_.erase(before_.begin());
    before_.push_back({.jpeg = std::move(*jpeg),
                       .exposureStart = picture.exposureStart,
                       .width = picture.width,
                       .height = picture.height});
}

void CameraClient::handle(const Motion& motion, UniqueFd /*none*/) {
    std::vector<Picture> before = std::exchange(before_, {});
    if (motionHandler_ && config_.camera.motion.enabled) motionHandler_(motion.isMoving, std::move(before));
}

void CameraClient::handle(const CaptureFailed& failed, UniqueFd /*none*/) {
    answer(failed.id, fail(failed.code, failed.message));
}

void CameraClient::handle(const Goodbye& goodbye, UniqueFd /*none*/) {
    if (!goodbye.mayReconnect) return refuse(goodbye.reason);
    log::debug("the camera program exits: {}", goodbye.reason);
    if (phase_ == Phase::kGreeting) {  // its configuration has changed
        if (fastRetriesLeft_ == 0) fastRetriesLeft_ = kFastRetries;
    } else {
        phase_ = Phase::kLeaving;
    }
}

std::deque<CameraClient::Request>::iterator CameraClient::find(std::uint64_t id) {
    return std::find_if(requests_.begin(), requests_.end(), [id](const Request& request) { return request.id == id; });
}

void CameraClient::answer(std::uint64_t id, Result<Picture> result) {
    const auto request = find(id);
    if (request == requests_.end()) return;
    const auto done = std::move(request->done);
    requests_.erase(request);
    done(std::move(result));
}

void CameraClient::failIf(const std::function<bool(const Request&)>& matches, const std::string& reason) {
    const Error error{Errc::kUnavailable, reason};
    std::vector<std::uint64_t> ids;  // a handler may ask for the next picture at once
    for (const Request& request : requests_) {
        if (matches(request)) ids.push_back(request.id);
    }
    for (const std::uint64_t id : ids) answer(id, tl::unexpected(error));
}

void CameraClient::unsend() {
    for (Request& request : requests_) request.isSent = false;
}

void CameraClient::timeOut(std::uint64_t id) {
    const bool wasSent = find(id)->isSent;
    answer(id, fail(Errc::kTimeout, wasSent ? "the camera program did not answer in time"
                                            : "the camera program was not ready in time"));
    if (!wasSent || phase_ == Phase::kClosed || phase_ == Phase::kLeaving) return;
    (void)link_->send(Cancel{id}, -1);  // a program that does not read it is silent
    if (phase_ != Phase::kSilent) silenceTimer_ = loop_.after(kSilenceLimit, [this] { programHangs(); });
    phase_ = Phase::kSilent;
}

void CameraClient::linkEnded(const std::string& reason) {
    const Phase last = phase_;
    forgetConnection();
    if (last == Phase::kLeaving) {
        unsend();  // what reached it too late goes to the next one
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
    // Each is sent again once: one that was lost before may be the cause.
    failIf([](const Request& request) { return request.isSent && request.wasLost; }, state_.reason);
    for (Request& request : requests_) request.wasLost = request.isSent || request.wasLost;
    unsend();
    failHopeless();
}

void CameraClient::programHangs() {
    link_->abort();
    if (phase_ != Phase::kGreeting) fastRetriesLeft_ = kFastRetries;
    forgetConnection();
    goOffline("the camera program did not answer for too long and was ended");
    unsend();  // the request that it hangs on is answered already; the others did nothing
    failHopeless();
}

void CameraClient::refuse(const std::string& reason) {
    link_->abort();
    failAttempt(reason);
}

void CameraClient::failAttempt(const std::string& reason) {
    forgetConnection();
    goOffline(reason);
    failIf([](const Request&) { return true; }, reason);
}

void CameraClient::forgetConnection() {
    phase_ = Phase::kClosed;
    helloTimer_.cancel();
    silenceTimer_.cancel();
    pictures_.clear();
    before_.clear();
}

/// Answers now what would time out before the next attempt.
void CameraClient::failHopeless() {
    failIf([until = *retryAt_](const Request& request) { return request.deadline <= until; }, state_.reason);
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

Result<Picture> takePicture(const Config& config) {
    AsioLoop loop;
    CameraClient camera(loop, config);
    PictureRequest request;
    request.timeout = config.camera.timeout;
    Result<Picture> result = fail(Errc::kInternal, "no answer");
    camera.capture(request, [&](Result<Picture> picture) {
        result = std::move(picture);
        loop.stop();
    });
    loop.run();
    return result;
}

}  // namespace edge
