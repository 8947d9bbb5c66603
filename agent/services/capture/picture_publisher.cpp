// SPDX-License-Identifier: MIT
#include "services/capture/picture_publisher.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "core/text.hpp"
#include "services/home_assistant/discovery_payload.hpp"

namespace edge {
namespace {

/// What the camera's errors are in a reply; all others are kCameraUnavailable.
constexpr std::array<std::pair<Errc, std::string_view>, 5> kReplyCodes{{{Errc::kTimeout, ReplyCode::kCaptureTimeout},
                                                                        {Errc::kTooLarge, ReplyCode::kTooLarge},
                                                                        {Errc::kCancelled, ReplyCode::kCancelled},
                                                                        {Errc::kInvalid, ReplyCode::kInvalidOption},
                                                                        {Errc::kInternal, ReplyCode::kInternal}}};

}  // namespace

std::string formatDescription(const ImageDescription& description, const Picture& picture) {
    std::string json =
        fmt::format(R"({{"id":{},"time":"{}","width":{},"height":{},"bytes":{},"quality":{},"trigger":{})",
                    jsonString(description.id), formatRfc3339(picture.exposureStart), picture.width, picture.height,
                    description.bytes, picture.quality, jsonString(description.trigger));
    if (!description.transaction.empty())
        json += fmt::format(R"(,"transaction":{})", jsonString(description.transaction));
    if (!picture.reduced.empty()) json += fmt::format(R"(,"reduced":{})", jsonString(picture.reduced));
    if (!picture.isSettled) json += R"(,"settled":false)";
    std::size_t number = 0;
    for (const Picture& small : description.before) {
        json += number++ == 0 ? R"(,"before":[)" : ",";
        json += fmt::format(R"({{"id":{},"time":"{}","width":{},"height":{},"bytes":{}}})",
                            jsonString(idOfBefore(description.id, number)), formatRfc3339(small.exposureStart),
                            small.width, small.height, small.jpeg.size());
    }
    return json + (number > 0 ? "]}" : "}");
}

std::string idOfBefore(const std::string& id, std::size_t number) {
    return fmt::format("{}-before-{}", id, number);
}

Publication publicationOf(std::string topic, PicturePost post, int qos) {
    Publication jpeg{.topic = std::move(topic),
                     .payload = std::move(post.jpeg),
                     .qos = static_cast<Qos>(qos),
                     .contentType = "image/jpeg",
                     .userProperties = {{"id", std::move(post.id)}, {"time", std::move(post.time)}}};
    // In JSON any text can be a transaction, here not.
    if (!post.transaction.empty() && isPlainText(post.transaction))
        jpeg.userProperties.emplace_back("transaction", std::move(post.transaction));
    return jpeg;
}

void publishBefore(Publisher& publisher, const Config& config, const std::string& id, std::vector<Picture> before) {
    std::size_t number = 0;
    for (Picture& small : before) {
        const std::string ownId = idOfBefore(id, ++number);
        PicturePost post{std::move(small.jpeg), "", ownId, formatRfc3339(small.exposureStart)};
        publisher.publish(publicationOf(config.topics.base + "/picture/" + ownId, std::move(post), config.mqtt.qos),
                          Priority::kImage, {});
    }
}

void publishPicture(Publisher& publisher, const Config& config, PicturePost post, DeliveryHandler done) {
    std::string description = std::move(post.description);
    Publication jpeg = publicationOf(config.image.topic, std::move(post), config.mqtt.qos);
    if (std::string ownTopic = discoveryImageTopic(config); !ownTopic.empty()) {
        Publication copy = jpeg;
        copy.topic = std::move(ownTopic);
        publisher.publish(std::move(copy), Priority::kImage, {});
    }
    publisher.publish(std::move(jpeg), Priority::kImage, std::move(done));
    if (config.topics.base.empty()) return;
    publisher.publish(
        {.topic = config.topics.base + "/image", .payload = std::move(description), .qos = Qos::kAtMostOnce},
        Priority::kImage, {});
}

std::size_t maxPicturePayload(const Publisher& publisher, const Config& config) {
    const std::size_t limit = publisher.maxPayload(config.image.topic);
    const std::string ownTopic = discoveryImageTopic(config);
    return ownTopic.empty() ? limit : std::min(limit, publisher.maxPayload(ownTopic));
}

Outcome notTaken(const Error& error) {
    const auto* row = std::find_if(kReplyCodes.begin(), kReplyCodes.end(),
                                   [&](const auto& candidate) { return candidate.first == error.code; });
    return Outcome::failure(row == kReplyCodes.end() ? ReplyCode::kCameraUnavailable : row->second, error.message);
}

Outcome notDelivered(Delivery delivery, const std::string& topic) {
    if (delivery == Delivery::kTooLarge) {
        return Outcome::failure(
            ReplyCode::kTooLarge,
            "the picture is larger than the broker takes; ask for a smaller width, height or quality");
    }
    return Outcome::failure(
        ReplyCode::kInternal,
        delivery == Delivery::kDenied
            ? fmt::format("the broker does not let this agent publish on \"{}\"; check its access list", topic)
            : "the connection to the broker broke while the picture was on its way, and pictures are not sent twice; "
              "send the command again");
}

}  // namespace edge
