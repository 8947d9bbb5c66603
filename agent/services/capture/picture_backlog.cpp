// SPDX-License-Identifier: MIT
#include "services/capture/picture_backlog.hpp"

#include <utility>

#include "core/system/log.hpp"

namespace edge {
namespace {

constexpr const char* kTooLarge = "it is larger than the broker takes";

}  // namespace

void PictureBacklog::onReload(const Config& before) {
    if (config_.journal.path != before.journal.path) {
        sending_.reset();
        isBusy_ = false;
    }
    sendNext();
}

void PictureBacklog::keep(PicturePost post, std::function<void(Result<void>)> done) {
    const auto kept = [this, done = std::move(done)](const Result<std::size_t>& dropped) {
        if (!dropped) return done(tl::unexpected(dropped.error()));
        if (*dropped > 0 && counters_.dropped == 0)
            log::warning("image.keep_offline is full: dropping the oldest pictures");
        counters_.dropped += *dropped;
        done({});
        sendNext();
    };
    store_.keepWaiting(std::move(post), scope_.wrap(kept));
}

void PictureBacklog::onConnected() {
    isConnected_ = true;
    ++connections_;
    sendNext();
}

void PictureBacklog::sendNext() {
    if (!isEnabled() || !isConnected_ || std::exchange(isBusy_, true)) return;
    const auto oldest = [](PictureFolder& folder, const PictureFolder::Limits&) { return folder.oldestWaiting(); };
    store_.run(sending_, oldest, [this](std::optional<PictureFolder::Stored> stored) {
        isBusy_ = stored.has_value() && isConnected_;
        if (isBusy_) send(std::move(*stored));
    });
}

void PictureBacklog::send(PictureFolder::Stored stored) {
    if (stored.post.jpeg.size() > maxPicturePayload(publisher_, config_)) return drop(stored.picture, kTooLarge);
    const auto done = [this, picture = stored.picture, connection = connections_](Delivery how) {
        const bool isRefused = how == Delivery::kLost && isConnected_ && connection == connections_;
        if (isRefused) return pauseFor(kRetry);  // for now: a quota of the broker is exceeded
        sent(picture, how);
    };
    publishPicture(publisher_, config_, std::move(stored.post), sending_.wrap(done));
}

void PictureBacklog::sent(const KeptPicture& picture, Delivery delivery) {
    switch (delivery) {
        case Delivery::kDelivered:
            ++counters_.sent;
            return release(picture, kPause);
        case Delivery::kTooLarge:
            return drop(picture, kTooLarge);
        case Delivery::kDenied:
            isBusy_ = false;
            isConnected_ = false;  // until the next connection, which may be allowed to publish it
            return;
        case Delivery::kLost:
            // The picture itself may be the reason.
            return picture.wasLost ? drop(picture, "the connection ended twice during it") : retryLater(picture);
    }
}

/// The attempt is recorded first: no restart may let a picture end the connection a second time unnoticed.
void PictureBacklog::retryLater(const KeptPicture& picture) {
    const auto mark = [picture](PictureFolder& folder, const PictureFolder::Limits&) {
        return folder.markLost(picture);
    };
    store_.run(sending_, mark, [this, picture](const Result<void>& marked) {
        if (!marked) return drop(picture, "the connection ended during it, and that cannot be recorded");
        isBusy_ = false;
        sendNext();  // there may be a new connection already
    });
}

void PictureBacklog::drop(const KeptPicture& picture, const char* reason) {
    ++counters_.dropped;
    log::warning("dropping kept picture {}: {}", picture.id, reason);
    release(picture, milliseconds{0});
}

/// It does not wait any more; then, after `pause`, the next one.
void PictureBacklog::release(const KeptPicture& picture, milliseconds pause) {
    const auto work = [picture](PictureFolder& folder, const PictureFolder::Limits& limits) {
        folder.release(picture, limits);
        return true;
    };
    store_.run(sending_, work, [this, pause](bool) { pauseFor(pause); });
}

void PictureBacklog::pauseFor(milliseconds pause) {
    isBusy_ = false;
    pause_ = loop_.after(pause, [this] { sendNext(); });
}

PictureBacklogCounters PictureBacklog::counters() const {
    PictureBacklogCounters counters = counters_;
    counters.waiting = store_.state().waiting.pictures;
    return counters;
}

}  // namespace edge
