// SPDX-License-Identifier: MIT
#include "services/capture/picture_archive.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "image/frame.hpp"
#include "services/commands/command_service.hpp"

namespace edge {
namespace {

using Json = nlohmann::ordered_json;

std::string formatEntry(const PictureFolder::Stored& stored) {
    constexpr std::array kShown{"id", "time", "width", "height", "bytes", "trigger"};
    const Json description = Json::parse(stored.post.description, nullptr, /*allow_exceptions=*/false);
    Json entry = Json::object();
    for (const char* key : kShown) {
        if (const auto value = description.find(key); value != description.end()) entry[key] = *value;
    }
    if (stored.picture.isWaiting) entry["waiting"] = true;
    return entry.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// The side of a picture; 0 where a damaged file has what cannot be one.
int sideIn(const Json& description, const char* key) {
    const auto value = description.find(key);
    if (value == description.end() || !value->is_number_integer()) return 0;
    const auto side = value->get<std::int64_t>();
    return side > 0 && side <= kMaxImageLongSide ? static_cast<int>(side) : 0;
}

std::string textIn(const Json& description, const char* key) {
    const auto value = description.find(key);
    return value != description.end() && value->is_string() ? value->get<std::string>() : "";
}

/// What `side` becomes when `other` becomes `wanted`: even, and as large as pictures are.
int sideFor(int wanted, int other, int side) {
    constexpr int kSmallest = 64;
    const auto scaled = static_cast<double>(wanted) * side / other;
    return std::max(kSmallest, static_cast<int>(std::lround(scaled / 2)) * 2);
}

}  // namespace

bool PictureArchive::isRefused(const OutcomeHandler& done) const {
    if (config_.archive.maxSizeBytes == 0) {
        done(Outcome::failure(ReplyCode::kInvalidOption,
                              "this device keeps no pictures; set archive.max_size to switch the archive on"));
        return true;
    }
    if (fetches_.size() + lists_ < kMaxWaiting) return false;
    done(Outcome::failure(ReplyCode::kBusy,
                          fmt::format("{} commands wait for the archive already; send it again when some of them are "
                                      "answered, with another transaction",
                                      kMaxWaiting)));
    return true;
}

void PictureArchive::list(const Command& command, OutcomeHandler done) {
    if (isRefused(done)) return;
    ++lists_;
    const PictureFolder::Query query{command.options.since, command.options.until,
                                     static_cast<std::size_t>(command.options.last.value_or(kLastByDefault))};
    const auto work = [path = pictureFolderOf(config_), query, maxBytes = maxReplyData(publisher_, config_)] {
        const PictureFolder::Found found = PictureFolder(path).find(query);
        std::vector<std::string> entries;
        for (const auto& stored : found.pictures) entries.push_back(formatEntry(stored));
        return formatList("pictures", entries, found.hasMore, maxBytes);
    };
    runOn(*strand_, loop_, scope_, work, [this, done = std::move(done)](std::string list) {
        --lists_;
        done(Outcome::success(std::move(list)));
    });
}

// ---- fetch: read → made smaller, if that is wanted → on its way → answered

void PictureArchive::fetch(const Command& command, OutcomeHandler done) {
    if (isRefused(done)) return;
    if (command.options.id.empty())
        return done(Outcome::failure(ReplyCode::kInvalidOption, "\"fetch\" needs \"id\", as \"pictures\" lists it"));
    if (config_.topics.base.empty())
        return done(Outcome::failure(ReplyCode::kInvalidOption, "topics.base is \"\": there is no topic for it"));
    fetches_.push_back({command, std::move(done)});
    next();
}

void PictureArchive::next() {
    if (fetches_.empty() || std::exchange(isBusy_, true)) return;
    runOn(
        *strand_, loop_, fetching_,
        [path = pictureFolderOf(config_), id = fetches_.front().command.options.id] {
            return PictureFolder(path).read(id);
        },
        [this](Result<PictureFolder::Stored> stored) { found(std::move(stored)); });
}

void PictureArchive::found(Result<PictureFolder::Stored> stored) {
    if (!stored) {
        const bool isUnknown = stored.error().code == Errc::kNotFound;
        return end(
            Outcome::failure(isUnknown ? ReplyCode::kInvalidOption : ReplyCode::kInternal, stored.error().message));
    }
    const CommandOptions& options = fetches_.front().command.options;
    const bool isAsItIs = !options.width && !options.height && !options.quality;
    const std::string topic = config_.topics.base + "/picture/" + stored->post.id;
    if (isAsItIs && stored->post.jpeg.size() <= publisher_.maxPayload(topic)) return publish(std::move(stored->post));
    convert(std::move(stored->post));
}

/// With one side only, or none, it keeps its shape; it is not enlarged then.
void PictureArchive::convert(PicturePost post) {
    const CommandOptions& options = fetches_.front().command.options;
    const Json description = Json::parse(post.description, nullptr, /*allow_exceptions=*/false);
    const int width = sideIn(description, "width");
    const int height = sideIn(description, "height");
    PictureRequest request{.width = options.width, .height = options.height, .quality = options.quality};
    const bool isSizeKnown = width > 0 && height > 0;
    if (isSizeKnown && !(request.width && request.height)) {
        const int wanted = request.height ? sideFor(*request.height, height, width) : request.width.value_or(width);
        request.width = sideFor(std::min(wanted, width), width, width);
        request.height = sideFor(std::min(wanted, width), width, height);
    }
    const std::size_t limit = publisher_.maxPayload(config_.topics.base + "/picture/" + post.id);
    request.maxBytes = std::min(static_cast<std::size_t>(config_.image.maxBytes), limit);
    request.timeout = kConvertLimit;
    const WallTime time = parseRfc3339(post.time).value_or(WallTime{});
    source_.convert(
        post.jpeg, time, request,
        fetching_.wrap([this, id = post.id, time, trigger = textIn(description, "trigger")](Result<Picture> picture) {
            if (!picture) return end(notTaken(picture.error()));
            picture->exposureStart = time;
            const ImageDescription described{id, trigger, "", static_cast<std::int64_t>(picture->jpeg.size())};
            std::string json = formatDescription(described, *picture);
            publish({std::move(picture->jpeg), std::move(json), id, formatRfc3339(time)});
        }));
}

void PictureArchive::publish(PicturePost post) {
    post.transaction = fetches_.front().command.transaction;
    std::string description = std::move(post.description);
    const std::string topic = config_.topics.base + "/picture/" + post.id;
    Publication jpeg = publicationOf(topic, std::move(post), static_cast<int>(Qos::kAtLeastOnce));
    // Every picture has a topic of its own: without this, each of them would be tried, denied and logged.
    if (isDenied_) return end(notDelivered(Delivery::kDenied, topic));
    const auto delivered = [this, topic, description = std::move(description)](Delivery delivery) {
        isDenied_ = delivery == Delivery::kDenied;
        end(delivery == Delivery::kDelivered ? Outcome::success(description) : notDelivered(delivery, topic));
    };
    publisher_.publish(std::move(jpeg), Priority::kBacklog, fetching_.wrap(delivered));
}

void PictureArchive::end(const Outcome& outcome) {
    const OutcomeHandler done = std::move(fetches_.front().done);
    fetches_.pop_front();
    isBusy_ = false;
    done(outcome);
    next();
}

void PictureArchive::shutDown() {
    fetching_.reset();
    for (const Fetch& fetch : std::exchange(fetches_, {})) fetch.done(Outcome::stopping());
}

}  // namespace edge
