// SPDX-License-Identifier: MIT
#include "services/capture/picture_store.hpp"

#include <filesystem>
#include <utility>

#include "core/system/log.hpp"

namespace edge {
namespace {

constexpr const char* kTooLarge = "it is larger than the broker takes";

}  // namespace

std::string pictureFolderOf(const Config& config) {
    return (std::filesystem::path(config.journal.path).parent_path() / kPictureFolder).string();
}

PictureStore::PictureStore(const ServiceContext& context, std::shared_ptr<Executor> strand)
    : Service(context),
      strand_(std::move(strand)),
      folder_(std::make_shared<PictureFolder>(pictureFolderOf(config_))),
      expiry_(loop_.clock()) {}

void PictureStore::onReload(const Config& before) {
    if (pictureFolderOf(config_) != pictureFolderOf(before)) {
        folder_ = std::make_shared<PictureFolder>(pictureFolderOf(config_));
        state_ = {};
        sending_.reset();
        isBusy_ = false;
    }
    if (!isArchiving()) problem_.clear();
    trim();
    sendNext();
}

template <typename Work, typename Done>
void PictureStore::run(const Scope& scope, Work work, Done done) {
    const PictureFolder::Limits limits{config_.image.keepOfflineBytes, config_.archive.maxSizeBytes,
                                       config_.archive.minFreeBytes};
    runOn(
        *strand_, loop_, scope,
        [folder = folder_, limits, work = std::move(work)]() mutable {
            auto result = work(*folder, limits);
            return std::pair(std::move(result), folder->state());
        },
        [this, folder = folder_, done = std::move(done)](auto result) mutable {
            if (folder == folder_) state_ = result.second;
            done(std::move(result.first));
        });
}

KeptPictures PictureStore::health() const {
    return {isArchiving(), state_.archived, state_.oldest, problem_, state_.waiting.pictures, sent_, dropped_};
}

void PictureStore::keep(PicturePost post, bool isForBroker, std::function<void(PicturePost, Result<void>)> done) {
    const bool isTimeCertain = loop_.clock().wallState() == ClockState::kSynchronised;
    run(
        scope_,
        [post = std::move(post), isForBroker, isTimeCertain](PictureFolder& folder,
                                                             const PictureFolder::Limits& limits) mutable {
            auto dropped = isForBroker
                               ? folder.addWaiting(post, isTimeCertain, limits)
                               : folder.addArchived(post, isTimeCertain, limits).map([] { return std::size_t{0}; });
            return std::pair(std::move(post), std::move(dropped));
        },
        [this, isForBroker, done = std::move(done)](std::pair<PicturePost, Result<std::size_t>> kept) {
            const Result<std::size_t>& dropped = kept.second;
            if (!isForBroker) setProblem(dropped ? "" : dropped.error().message);
            if (dropped.value_or(0) > 0 && dropped_ == 0)
                log::warning("image.keep_offline is full: dropping the oldest pictures");
            dropped_ += dropped.value_or(0);
            done(std::move(kept.first), dropped.map([](std::size_t) {}));
            if (isForBroker) sendNext();
        });
}

// ---- the archive

void PictureStore::setProblem(const std::string& problem) {
    if (problem == problem_) return;
    if (problem.empty()) log::info("archive: pictures are kept again");
    // The reason may change with every picture; that it does not work is said once.
    if (problem_.empty()) log::warning("archive: pictures are taken and published, but not kept: {}", problem);
    problem_ = problem;
    changed_();
}

/// A step; the next one at once where there is more to do, so that pictures that are taken meanwhile go in between.
void PictureStore::trim() {
    trimTimer_.cancel();
    if (!isArchiving()) return;
    trimTimer_ = loop_.after(kTrimPause, [this] { trim(); });
    const auto work = [cutoff = expiry_.takeCutoff(config_.archive.maxAge)](PictureFolder& folder,
                                                                            const PictureFolder::Limits& limits) {
        return folder.trim(cutoff, limits);
    };
    run(scope_, work, [this](bool isUnfinished) {
        if (!isUnfinished) return;
        expiry_.hurry();
        trim();
    });
}

// ---- pictures that wait for the broker

void PictureStore::onConnected() {
    isConnected_ = true;
    ++connections_;
    sendNext();
}

void PictureStore::sendNext() {
    if (!isKeeping() || !isConnected_ || std::exchange(isBusy_, true)) return;
    const auto oldest = [](PictureFolder& folder, const PictureFolder::Limits&) { return folder.oldestWaiting(); };
    run(sending_, oldest, [this](std::optional<PictureFolder::Stored> stored) {
        isBusy_ = stored.has_value() && isConnected_;
        if (isBusy_) send(std::move(*stored));
    });
}

void PictureStore::send(PictureFolder::Stored stored) {
    if (stored.post.jpeg.size() > maxPicturePayload(publisher_, config_)) return drop(stored.picture, kTooLarge);
    const auto done = [this, picture = stored.picture, connection = connections_](Delivery how) {
        const bool isRefused = how == Delivery::kLost && isConnected_ && connection == connections_;
        if (isRefused) return pauseFor(kRetry);  // for now: a quota of the broker is exceeded
        sent(picture, how);
    };
    publishPicture(publisher_, config_, std::move(stored.post), sending_.wrap(done));
}

void PictureStore::sent(const KeptPicture& picture, Delivery delivery) {
    switch (delivery) {
        case Delivery::kDelivered:
            ++sent_;
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
void PictureStore::retryLater(const KeptPicture& picture) {
    const auto mark = [picture](PictureFolder& folder, const PictureFolder::Limits&) {
        return folder.markLost(picture);
    };
    run(sending_, mark, [this, picture](const Result<void>& marked) {
        if (!marked) return drop(picture, "the connection ended during it, and that cannot be recorded");
        isBusy_ = false;
        sendNext();  // there may be a new connection already
    });
}

void PictureStore::drop(const KeptPicture& picture, const char* reason) {
    ++dropped_;
    log::warning("dropping kept picture {}: {}", picture.id, reason);
    release(picture, milliseconds{0});
}

/// It does not wait any more; then, after `pause`, the next one.
void PictureStore::release(const KeptPicture& picture, milliseconds pause) {
    const auto work = [picture](PictureFolder& folder, const PictureFolder::Limits& limits) {
        folder.release(picture, limits);
        return true;
    };
    run(sending_, work, [this, pause](bool) { pauseFor(pause); });
}

void PictureStore::pauseFor(milliseconds pause) {
    isBusy_ = false;
    pause_ = loop_.after(pause, [this] { sendNext(); });
}

}  // namespace edge
