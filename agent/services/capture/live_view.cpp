// SPDX-License-Identifier: MIT
#include "services/capture/live_view.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "core/system/log.hpp"

namespace edge {
namespace {

/// A frame is worth nothing to a subscriber that comes back later.
constexpr seconds kFrameExpiry{2};
/// How often a busy line is looked at: so often in one interval, within these limits.
constexpr int kLooksPerInterval = 8;
constexpr nanoseconds kShortestLook = milliseconds{5};
constexpr nanoseconds kLongestLook = milliseconds{50};

}  // namespace

// ---- the lease

Outcome LiveView::view(const CommandOptions& options) {
    if (config_.camera.backend == CameraBackend::kNone) {
        return Outcome::failure(ReplyCode::kCameraUnavailable,
                                "no camera is configured: set camera.backend to use one");
    }
    if (config_.topics.base.empty()) {
        return Outcome::failure(ReplyCode::kInternal, "live view needs a topic of this device: set topics.base");
    }
    if (publisher_.connection() == nullptr) {
        return Outcome::failure(ReplyCode::kInternal, "there is no connection to the broker");
    }
    if (publisher_.maxPayload(topic()) == 0)
        return Outcome::failure(ReplyCode::kTooLarge, "the broker's packet limit leaves no room for a frame");
    const Lease lease{options.rate.value_or(kRate), options.width.value_or(kWidth), options.height.value_or(kHeight),
                      options.quality.value_or(kQuality)};
    const milliseconds time = options.lease.value_or(kLease);
    const std::string reply =
        fmt::format(R"({{"topic":{},"rate":{},"width":{},"height":{},"until":"{}"}})", jsonString(topic()),
                    rateInForce(lease), lease.width, lease.height, formatRfc3339(loop_.clock().wallNow() + time));
    if (time.count() == 0) {
        end("ended by \"live\"");
        return Outcome::success(reply);
    }
    end_ = loop_.after(time, [this] { end("its time is over"); });
    if (lease_ == lease) return Outcome::success(reply);
    log::info("live view: {}x{}, {} frames a second", lease.width, lease.height, rateInForce(lease));
    const bool isNew = !std::exchange(lease_, lease);
    scope_.reset();
    isInCamera_ = false;
    due_ = loop_.clock().now();
    if (isNew) publishState();
    advance();
    return Outcome::success(reply);
}

void LiveView::end(const std::string& why) {
    if (!std::exchange(lease_, std::nullopt)) return;
    log::info("live view ended: {}", why);
    scope_.reset();
    end_.cancel();
    next_.cancel();
    isInCamera_ = false;
    frameBytes_ = 0;
    failures_ = 0;
    publishState();
}

void LiveView::onReload(const Config& before) {
    if (config_.camera.backend != before.camera.backend) publishState();
    const bool isImpossible = config_.camera.backend == CameraBackend::kNone || config_.topics.base.empty();
    if (isImpossible || config_.topics.base != before.topics.base) end("the configuration has changed");
}

void LiveView::publishState() {
    if (config_.camera.backend == CameraBackend::kNone) return;
    Service::publishState("camera/live", lease_ && failures_ == 0 ? "ON" : "OFF");
}

double LiveView::rateInForce(const Lease& lease) const {
    return std::min(lease.rate, config_.camera.liveMaxRate);
}

nanoseconds LiveView::interval() const {
    return std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>{1 / rateInForce(*lease_)});
}

// ---- a frame: due → the line has room → in the camera → published

void LiveView::advance() {
    if (!lease_ || isInCamera_) return;
    const SteadyTime now = loop_.clock().now();
    if (now < due_) return wakeAt(due_);
    if (publisher_.outstandingBytes() > std::max(frameBytes_ / kLeftOver, kFreeBytes)) {
        return wakeAt(now + std::clamp(interval() / kLooksPerInterval, kShortestLook, kLongestLook));
    }
    // Without drift; what was missed is not made up for.
    due_ += interval();
    if (due_ <= now) due_ = now + interval();
    isInCamera_ = true;
    source_.capture(
        {.width = lease_->width,
         .height = lease_->height,
         .quality = lease_->quality,
         .maxBytes = std::min(static_cast<std::size_t>(config_.image.maxBytes), publisher_.maxPayload(topic())),
         .notBefore = {},
         .timeout = config_.camera.timeout,
         .isLive = true},
        scope_.wrap([this](Result<Picture> picture) { taken(std::move(picture)); }));
}

void LiveView::wakeAt(SteadyTime when) {
    next_ = loop_.at(when, [this] { advance(); });
}

void LiveView::taken(Result<Picture> picture) {
    isInCamera_ = false;
    if (!picture) return failed(picture.error());
    setFailures(0);
    publish(std::move(*picture));
    advance();
}

/// A camera that is away may come back within the lease.
void LiveView::failed(const Error& error) {
    if (error.code == Errc::kTooLarge) return end("the broker takes no frame of that size: " + error.message);
    if (failures_ == 0) log::warning("live view: no frame: {}", error.message);
    setFailures(failures_ + 1);
    wakeAt(loop_.clock().now() + kRetry * std::min(failures_, kMaxRetryFactor));
}

void LiveView::publish(Picture picture) {
    frameBytes_ = picture.jpeg.size();
    publisher_.publish({.topic = topic(),
                        .payload = std::move(picture.jpeg),
                        .qos = Qos::kAtMostOnce,
                        .contentType = "image/jpeg",
                        .userProperties = {{"time", formatRfc3339(picture.exposureStart)}},
                        .expiry = kFrameExpiry},
                       Priority::kBacklog, scope_.wrap([this](Delivery delivery) {
                           if (delivery == Delivery::kDenied)
                               end("the broker does not let this agent publish on " + topic());
                       }));
}

void LiveView::setFailures(int failures) {
    const bool isChange = (failures == 0) != (failures_ == 0);
    failures_ = failures;
    if (isChange) publishState();
}

}  // namespace edge
