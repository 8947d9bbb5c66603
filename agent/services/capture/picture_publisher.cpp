// SPDX-License-Identifier: MIT
#include "services/capture/picture_publisher.hpp"

#include <algorithm>
#include <utility>

#include "services/home_assistant/discovery_payload.hpp"

namespace edge {

PicturePublisher::PicturePublisher(Publisher& publisher, const Config& config)
    : publisher_(publisher), config_(config) {}

void PicturePublisher::publish(PicturePost post, DeliveryHandler done) {
    Publication jpeg;
    jpeg.topic = config_.image.topic;
    jpeg.payload = std::move(post.jpeg);
    jpeg.qos = static_cast<Qos>(config_.mqtt.qos);
    jpeg.contentType = "image/jpeg";
    jpeg.userProperties = {{"id", std::move(post.id)}, {"time", std::move(post.time)}};
    if (!post.transaction.empty()) jpeg.userProperties.emplace_back("transaction", std::move(post.transaction));
    if (std::string ownTopic = discoveryImageTopic(config_); !ownTopic.empty()) {
        Publication copy = jpeg;
        copy.topic = std::move(ownTopic);
        publisher_.publish(std::move(copy), Priority::kImage, {});
    }
    publisher_.publish(std::move(jpeg), Priority::kImage, std::move(done));
    if (config_.topics.base.empty()) return;
    Publication text;
    text.topic = config_.topics.base + "/image";
    text.payload = std::move(post.description);
    text.qos = Qos::kAtMostOnce;
    publisher_.publish(std::move(text), Priority::kImage, {});
}

std::size_t PicturePublisher::maxPayload() const {
    const std::size_t limit = publisher_.maxPayload(config_.image.topic);
    const std::string ownTopic = discoveryImageTopic(config_);
    return ownTopic.empty() ? limit : std::min(limit, publisher_.maxPayload(ownTopic));
}

}  // namespace edge
