// SPDX-License-Identifier: MIT
#include "services/picture_publisher.hpp"

#include <algorithm>
#include <utility>

#include "services/discovery_payload.hpp"

namespace edge {

PicturePublisher::PicturePublisher(Publisher& publisher, const Config& config)
    : publisher_(publisher),
      topic_(config.image.topic),
      ownTopic_(discoveryImageTopic(config)),
      base_(config.topics.base),
      qos_(static_cast<Qos>(config.mqtt.qos)) {}

void PicturePublisher::publish(PicturePost post, DeliveryHandler done) {
    Publication jpeg;
    jpeg.topic = topic_;
    jpeg.payload = std::move(post.jpeg);
    jpeg.qos = qos_;
    jpeg.contentType = "image/jpeg";
    jpeg.userProperties = {{"id", std::move(post.id)}, {"time", std::move(post.time)}};
    if (!post.transaction.empty()) jpeg.userProperties.emplace_back("transaction", std::move(post.transaction));
    if (!ownTopic_.empty()) {
        Publication copy = jpeg;
        copy.topic = ownTopic_;
        publisher_.publish(std::move(copy), Priority::kImage, {});
    }
    publisher_.publish(std::move(jpeg), Priority::kImage, std::move(done));
    if (base_.empty()) return;
    Publication text;
    text.topic = base_ + "/image";
    text.payload = std::move(post.description);
    text.qos = Qos::kAtMostOnce;
    publisher_.publish(std::move(text), Priority::kImage, {});
}

std::size_t PicturePublisher::maxPayload() const {
    const std::size_t limit = publisher_.maxPayload(topic_);
    return ownTopic_.empty() ? limit : std::min(limit, publisher_.maxPayload(ownTopic_));
}

}  // namespace edge
