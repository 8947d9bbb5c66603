// SPDX-License-Identifier: MIT
#include "services/capture/picture_publisher.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "services/commands/reply.hpp"
#include "services/home_assistant/discovery_payload.hpp"

namespace edge {

std::string formatDescription(const ImageDescription& description, const Picture& picture) {
    std::string json =
        fmt::format(R"({{"id":{},"time":"{}","width":{},"height":{},"bytes":{},"quality":{},"trigger":{})",
                    jsonString(description.id), formatRfc3339(picture.exposureStart), picture.width, picture.height,
                    description.bytes, picture.quality, jsonString(description.trigger));
    if (!description.transaction.empty())
        json += fmt::format(R"(,"transaction":{})", jsonString(description.transaction));
    if (!picture.reduced.empty()) json += fmt::format(R"(,"reduced":{})", jsonString(picture.reduced));
    return json + "}";
}

void PicturePublisher::publish(PicturePost post, DeliveryHandler done) {
    Publication jpeg{.topic = config_.image.topic,
                     .payload = std::move(post.jpeg),
                     .qos = static_cast<Qos>(config_.mqtt.qos),
                     .contentType = "image/jpeg",
                     .userProperties = {{"id", std::move(post.id)}, {"time", std::move(post.time)}}};
    if (!post.transaction.empty()) jpeg.userProperties.emplace_back("transaction", std::move(post.transaction));
    if (std::string ownTopic = discoveryImageTopic(config_); !ownTopic.empty()) {
        Publication copy = jpeg;
        copy.topic = std::move(ownTopic);
        publisher_.publish(std::move(copy), Priority::kImage, {});
    }
    publisher_.publish(std::move(jpeg), Priority::kImage, std::move(done));
    if (config_.topics.base.empty()) return;
    publisher_.publish(
        {.topic = config_.topics.base + "/image", .payload = std::move(post.description), .qos = Qos::kAtMostOnce},
        Priority::kImage, {});
}

std::size_t PicturePublisher::maxPayload() const {
    const std::size_t limit = publisher_.maxPayload(config_.image.topic);
    const std::string ownTopic = discoveryImageTopic(config_);
    return ownTopic.empty() ? limit : std::min(limit, publisher_.maxPayload(ownTopic));
}

}  // namespace edge
