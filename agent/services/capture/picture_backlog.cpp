// SPDX-License-Identifier: MIT
#include "services/capture/picture_backlog.hpp"

#include <filesystem>
#include <utility>

#include "core/system/log.hpp"

namespace edge {
namespace {

std::string folderOf(const Config& config) {
    return (std::filesystem::path(config.journal.path).parent_path() / "pictures").string();
}

}  // namespace

PictureBacklog::PictureBacklog(Loop& loop, Publisher& publisher, std::shared_ptr<Executor> strand, const Config& config)
    : loop_(loop),
      config_(config),
      pictures_(publisher, config),
      strand_(std::move(strand)),
      folder_(std::make_shared<PictureFolder>(folderOf(config), config.image.keepOfflineBytes)) {}

void PictureBacklog::onReload(const Config& before) {
    if (folderOf(config_) != folderOf(before)) {
        folder_ = std::make_shared<PictureFolder>(folderOf(config_), config_.image.keepOfflineBytes);
    } else if (config_.image.keepOfflineBytes != before.image.keepOfflineBytes) {
        onStrand(
            [most = config_.image.keepOfflineBytes](PictureFolder& folder) {
                folder.setMaxBytes(most);
                return true;
            },
            [](bool) {});
    }
    next();
}

template <typename Work, typename Then>
void PictureBacklog::onStrand(Work work, Then then) {
    strand_->post([&loop = loop_, folder = folder_, alive = std::weak_ptr<int>(lifetime_), work = std::move(work),
                   then = std::move(then)]() mutable {
        auto answer = std::make_shared<decltype(work(*folder))>(work(*folder));
        loop.post([alive = std::move(alive), answer, then = std::move(then)] {
            if (!alive.expired()) then(std::move(*answer));
        });
    });
}

void PictureBacklog::keep(PicturePost post, std::function<void(Result<void>)> done) {
    struct Kept {
        Result<std::size_t> dropped;
        std::size_t count;
    };
    onStrand(
        [post = std::move(post)](PictureFolder& folder) {
            auto dropped = folder.add(post);
            return Kept{std::move(dropped), folder.count()};
        },
        [this, done = std::move(done)](const Kept& kept) {
            counters_.waiting = kept.count;
            if (!kept.dropped) return done(tl::unexpected(kept.dropped.error()));
            if (*kept.dropped > 0 && counters_.dropped == 0)
                log::warning("image.keep_offline is full: the oldest pictures make room for new ones");
            counters_.dropped += *kept.dropped;
            done({});
            next();
        });
}

void PictureBacklog::onConnected() {
    isConnected_ = true;
    next();
}

void PictureBacklog::onDisconnected() {
    isConnected_ = false;
    pause_.cancel();
}

void PictureBacklog::next() {
    if (!isEnabled() || !isConnected_ || std::exchange(isBusy_, true)) return;
    struct Found {
        std::optional<PictureFolder::Stored> stored;
        std::size_t count;
    };
    onStrand(
        [](PictureFolder& folder) {
            return Found{folder.oldest(), folder.count()};
        },
        [this, folder = folder_](Found found) {
            if (folder != folder_) return lookAgain();
            counters_.waiting = found.count;
            isBusy_ = found.stored.has_value() && isConnected_;
            if (isBusy_) send(std::move(*found.stored));
        });
}

/// What was under way belongs to a folder that is not used any more.
void PictureBacklog::lookAgain() {
    isBusy_ = false;
    next();
}

void PictureBacklog::send(PictureFolder::Stored stored) {
    if (stored.post.jpeg.size() > pictures_.maxPayload()) return drop(stored, "the broker takes none of this size");
    PicturePost post = std::exchange(stored.post, {});
    // What countAttempt() writes; the JPEG is not needed any more.
    stored.post = {"", post.description, post.id, post.time, post.transaction};
    pictures_.publish(std::move(post), [this, stored = std::move(stored), folder = folder_,
                                        alive = std::weak_ptr<int>(lifetime_)](Delivery delivery) {
        if (alive.expired()) return;
        if (folder != folder_) return lookAgain();
        sent(stored, delivery);
    });
}

void PictureBacklog::sent(const PictureFolder::Stored& stored, Delivery delivery) {
    switch (delivery) {
        case Delivery::kDelivered:
            ++counters_.sent;
            return onStrand(
                [number = stored.number](PictureFolder& folder) {
                    folder.remove(number);
                    return folder.count();
                },
                [this](std::size_t count) {
                    counters_.waiting = count;
                    isBusy_ = false;
                    pause_ = loop_.after(kPause, [this] { next(); });
                });
        case Delivery::kTooLarge:
            return drop(stored, "the broker takes none of this size");
        case Delivery::kDenied:
            isBusy_ = false;
            isConnected_ = false;  // until the next one, which may be allowed to
            return;
        case Delivery::kLost:
            break;
    }
    if (stored.attempts + 1 >= kMaxAttempts) return drop(stored, "the connection ended each time it was sent");
    onStrand(
        [stored](PictureFolder& folder) {
            folder.countAttempt(stored);
            return true;
        },
        [this](bool) {
            isBusy_ = false;
            next();  // a connection that came meanwhile was turned away
        });
}

void PictureBacklog::drop(const PictureFolder::Stored& stored, const char* why) {
    ++counters_.dropped;
    log::warning("picture {} of {} is given up: {}", stored.post.id, stored.post.time, why);
    onStrand(
        [number = stored.number](PictureFolder& folder) {
            folder.remove(number);
            return true;
        },
        [this](bool) {
            isBusy_ = false;
            next();
        });
}

}  // namespace edge
