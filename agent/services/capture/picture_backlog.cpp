// SPDX-License-Identifier: MIT
#include "services/capture/picture_backlog.hpp"

#include <filesystem>
#include <optional>
#include <utility>

#include "core/system/log.hpp"

namespace edge {
namespace {

std::string folderOf(const Config& config) {
    return (std::filesystem::path(config.journal.path).parent_path() / "pictures").string();
}

constexpr const char* kTooLarge = "it is larger than the broker takes";

}  // namespace

PictureBacklog::PictureBacklog(Loop& loop, Publisher& publisher, std::shared_ptr<Executor> strand, const Config& config)
    : loop_(loop),
      config_(config),
      pictures_(publisher, config),
      strand_(std::move(strand)),
      folder_(std::make_shared<PictureFolder>(folderOf(config))) {}

void PictureBacklog::onReload(const Config& before) {
    if (folderOf(config_) != folderOf(before)) {
        folder_ = std::make_shared<PictureFolder>(folderOf(config_));
        sending_.reset();
        isBusy_ = false;
    }
    sendNext();
}

void PictureBacklog::keep(PicturePost post, std::function<void(Result<void>)> done) {
    struct Kept {
        Result<std::size_t> dropped;
        std::size_t count;
    };
    runOn(
        *strand_, loop_, scope_,
        [folder = folder_, post = std::move(post), limit = config_.image.keepOfflineBytes] {
            auto dropped = folder->add(post, limit);
            return Kept{std::move(dropped), folder->count()};
        },
        [this, done = std::move(done)](const Kept& kept) {
            counters_.waiting = kept.count;
            if (!kept.dropped) return done(tl::unexpected(kept.dropped.error()));
            if (*kept.dropped > 0 && counters_.dropped == 0)
                log::warning("image.keep_offline is full: dropping the oldest pictures");
            counters_.dropped += *kept.dropped;
            done({});
            sendNext();
        });
}

void PictureBacklog::onConnected() {
    isConnected_ = true;
    sendNext();
}

void PictureBacklog::onDisconnected() {
    isConnected_ = false;
}

void PictureBacklog::sendNext() {
    if (!isEnabled() || !isConnected_ || std::exchange(isBusy_, true)) return;
    struct Found {
        std::optional<PictureFolder::Stored> stored;
        std::size_t count;
    };
    runOn(
        *strand_, loop_, sending_,
        [folder = folder_] {
            auto stored = folder->oldest();
            return Found{std::move(stored), folder->count()};
        },
        [this](Found found) {
            counters_.waiting = found.count;
            isBusy_ = found.stored.has_value() && isConnected_;
            if (isBusy_) send(std::move(*found.stored));
        });
}

void PictureBacklog::send(PictureFolder::Stored stored) {
    if (stored.post.jpeg.size() > pictures_.maxPayload()) return drop(stored.number, kTooLarge);
    pictures_.publish(std::move(stored.post),
                      sending_.wrap([this, number = stored.number](Delivery delivery) { sent(number, delivery); }));
}

void PictureBacklog::sent(std::uint64_t number, Delivery delivery) {
    switch (delivery) {
        case Delivery::kDelivered:
            ++counters_.sent;
            return remove(number, kPause);
        case Delivery::kTooLarge:
            return drop(number, kTooLarge);
        case Delivery::kDenied:
            isBusy_ = false;
            isConnected_ = false;  // until the next connection, which may be allowed to publish it
            return;
        case Delivery::kLost:
            // The picture itself may be the reason.
            if (std::exchange(lost_, number) == number) return drop(number, "the connection ended twice during it");
            isBusy_ = false;
            sendNext();  // there may be a new connection already
    }
}

void PictureBacklog::drop(std::uint64_t number, const char* reason) {
    ++counters_.dropped;
    log::warning("dropping kept picture {}: {}", number, reason);
    remove(number, milliseconds{0});
}

/// Then, after `pause`, the next one.
void PictureBacklog::remove(std::uint64_t number, milliseconds pause) {
    lost_ = 0;
    runOn(
        *strand_, loop_, sending_,
        [folder = folder_, number] {
            folder->remove(number);
            return folder->count();
        },
        [this, pause](std::size_t count) {
            counters_.waiting = count;
            isBusy_ = false;
            pause_ = loop_.after(pause, [this] { sendNext(); });
        });
}

}  // namespace edge
