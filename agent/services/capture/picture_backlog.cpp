// SPDX-License-Identifier: MIT
#include "services/capture/picture_backlog.hpp"

#include <filesystem>
#include <system_error>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "core/system/files.hpp"
#include "core/system/log.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::size_t kMaxTextBytes = 64 << 10;
constexpr std::size_t kMaxPictureBytes = std::size_t{256} << 20;
constexpr auto kFolderMode = fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec;

std::optional<std::uint64_t> numberOf(const fs::path& file) {
    if (file.extension() != ".jpg") return std::nullopt;
    return parseNumber<std::uint64_t>(file.stem().string());
}

/// The description has all that is needed to publish the picture.
bool readDescription(PicturePost& post) {
    const Json json = Json::parse(post.description, nullptr, false);
    if (!json.is_object()) return false;
    const auto text = [&](const char* key) {
        const auto found = json.find(key);
        return found != json.end() && found->is_string() ? found->get<std::string>() : "";
    };
    post.id = text("id");
    post.time = text("time");
    post.transaction = text("transaction");
    if (std::string inner = text("description"); !inner.empty())
        post.description = std::move(inner);  // of version 0.1.0
    return !post.id.empty() && !post.time.empty();
}

std::string folderOf(const Config& config) {
    return (fs::path(config.journal.path).parent_path() / "pictures").string();
}

constexpr const char* kTooLarge = "it is larger than the broker takes";

}  // namespace

// ---- the files

std::string PictureFolder::nameOf(std::uint64_t number, const char* kind) const {
    return fmt::format("{}/{:010}.{}", path_, number, kind);
}

std::map<std::uint64_t, std::int64_t> PictureFolder::list() const {
    std::map<std::uint64_t, std::int64_t> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(path_, error)) {
        const auto number = numberOf(entry.path());
        if (number && entry.is_regular_file(error)) files[*number] = static_cast<std::int64_t>(entry.file_size(error));
    }
    return files;
}

Result<std::size_t> PictureFolder::add(const PicturePost& post, std::int64_t maxBytes) {
    auto used = static_cast<std::int64_t>(post.jpeg.size());
    if (used > maxBytes) return fail(Errc::kTooLarge, "the picture is larger than image.keep_offline");
    std::error_code error;
    if (fs::create_directory(path_, error)) fs::permissions(path_, kFolderMode, error);

    const auto files = list();
    for (const auto& [number, bytes] : files) used += bytes;
    std::size_t dropped = 0;
    for (auto oldest = files.begin(); used > maxBytes; ++oldest, ++dropped) {
        used -= oldest->second;
        remove(oldest->first);
    }
    const std::uint64_t number = files.empty() ? 1 : files.rbegin()->first + 1;
    remove(number);  // what an interrupted removal left
    auto written = replaceFile(nameOf(number, "json"), post.description);
    if (written) written = replaceFile(nameOf(number, "jpg"), post.jpeg);
    if (!written) remove(number);
    TRY(written);
    return dropped;
}

std::optional<PictureFolder::Stored> PictureFolder::oldest() {
    for (const auto& [number, bytes] : list()) {
        auto description = readSmallFile(nameOf(number, "json"), kMaxTextBytes);
        auto jpeg = readSmallFile(nameOf(number, "jpg"), kMaxPictureBytes);
        if (description && jpeg) {
            std::error_code error;
            Stored stored{
                number, {std::move(*jpeg), std::move(*description)}, fs::exists(nameOf(number, "lost"), error)};
            if (readDescription(stored.post)) return stored;
        }
        log::warning("removing {}: cannot read it", nameOf(number, "jpg"));
        remove(number);
    }
    return std::nullopt;
}

Result<void> PictureFolder::markLost(std::uint64_t number) {
    return replaceFile(nameOf(number, "lost"), "");
}

void PictureFolder::remove(std::uint64_t number) {
    std::error_code error;
    for (const char* kind : {"jpg", "json", "lost"}) fs::remove(nameOf(number, kind), error);
}

// ---- keeping and sending

PictureBacklog::PictureBacklog(const ServiceContext& context, std::shared_ptr<Executor> strand)
    : Service(context), strand_(std::move(strand)), folder_(std::make_shared<PictureFolder>(folderOf(config_))) {}

void PictureBacklog::onReload(const Config& before) {
    if (folderOf(config_) != folderOf(before)) {
        folder_ = std::make_shared<PictureFolder>(folderOf(config_));
        sending_.reset();
        isBusy_ = false;
    }
    sendNext();
}

template <typename Work, typename Done>
void PictureBacklog::onFolder(const Scope& scope, Work work, Done done) {
    runOn(
        *strand_, loop_, scope,
        [folder = folder_, work = std::move(work)] {
            auto result = work(*folder);
            return std::pair(std::move(result), folder->count());
        },
        [this, done = std::move(done)](auto result) {
            counters_.waiting = result.second;
            done(std::move(result.first));
        });
}

void PictureBacklog::keep(PicturePost post, std::function<void(Result<void>)> done) {
    const auto add = [post = std::move(post), limit = config_.image.keepOfflineBytes](PictureFolder& folder) {
        return folder.add(post, limit);
    };
    onFolder(scope_, add, [this, done = std::move(done)](const Result<std::size_t>& dropped) {
        if (!dropped) return done(tl::unexpected(dropped.error()));
        if (*dropped > 0 && counters_.dropped == 0)
            log::warning("image.keep_offline is full: dropping the oldest pictures");
        counters_.dropped += *dropped;
        done({});
        sendNext();
    });
}

void PictureBacklog::onConnected() {
    isConnected_ = true;
    ++connections_;
    sendNext();
}

void PictureBacklog::sendNext() {
    if (!isEnabled() || !isConnected_ || std::exchange(isBusy_, true)) return;
    const auto oldest = [](PictureFolder& folder) { return folder.oldest(); };
    onFolder(sending_, oldest, [this](std::optional<PictureFolder::Stored> stored) {
        isBusy_ = stored.has_value() && isConnected_;
        if (isBusy_) send(std::move(*stored));
    });
}

void PictureBacklog::send(PictureFolder::Stored stored) {
    if (stored.post.jpeg.size() > maxPicturePayload(publisher_, config_)) return drop(stored.number, kTooLarge);
    const auto done = [this, number = stored.number, wasLost = stored.wasLost,
                       connection = connections_](Delivery how) {
        const bool isRefused = how == Delivery::kLost && isConnected_ && connection == connections_;
        if (isRefused) return pauseFor(kRetry);  // for now: a quota of the broker is exceeded
        sent(number, wasLost, how);
    };
    publishPicture(publisher_, config_, std::move(stored.post), sending_.wrap(done));
}

void PictureBacklog::sent(std::uint64_t number, bool wasLost, Delivery delivery) {
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
            return wasLost ? drop(number, "the connection ended twice during it") : retryLater(number);
    }
}

/// The attempt is recorded first: no restart may let a picture end the connection a second time unnoticed.
void PictureBacklog::retryLater(std::uint64_t number) {
    const auto mark = [number](PictureFolder& folder) { return folder.markLost(number); };
    onFolder(sending_, mark, [this, number](const Result<void>& marked) {
        if (!marked) return drop(number, "the connection ended during it, and that cannot be recorded");
        isBusy_ = false;
        sendNext();  // there may be a new connection already
    });
}

void PictureBacklog::drop(std::uint64_t number, const char* reason) {
    ++counters_.dropped;
    log::warning("dropping kept picture {}: {}", number, reason);
    remove(number, milliseconds{0});
}

/// Then, after `pause`, the next one.
void PictureBacklog::remove(std::uint64_t number, milliseconds pause) {
    const auto erase = [number](PictureFolder& folder) {
        folder.remove(number);
        return number;
    };
    onFolder(sending_, erase, [this, pause](std::uint64_t) { pauseFor(pause); });
}

void PictureBacklog::pauseFor(milliseconds pause) {
    isBusy_ = false;
    pause_ = loop_.after(pause, [this] { sendNext(); });
}

}  // namespace edge
