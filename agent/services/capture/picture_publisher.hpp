// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "camera/client/picture_source.hpp"
#include "config/config.hpp"
#include "mqtt/publisher.hpp"
#include "services/commands/reply.hpp"

namespace edge {

/// What `<base>/image` and the reply say of one picture beside what the camera program said.
struct ImageDescription {
    std::string id;
    std::string trigger;      ///< "command", "motion", "gpio:<name>" or "schedule:<name>"
    std::string transaction;  ///< "" is left out
    std::int64_t bytes = 0;
    std::span<const Picture> before{};  ///< from before the event, small; see publishBefore()
};
/// One JSON object. The picture's JPEG may have been moved away.
std::string formatDescription(const ImageDescription& description, const Picture& picture);

/// A picture, ready to be published.
struct PicturePost {
    std::string jpeg;
    std::string description;  ///< of `<base>/image`: one JSON object
    std::string id{};
    std::string time{};  ///< RFC 3339, start of exposure
    std::string transaction{};
};

/// `post` on `topic`; its description is left out.
Publication publicationOf(std::string topic, PicturePost post, int qos);

/// The id of small picture `number` (from 1, the oldest) from before the event of picture `id`.
std::string idOfBefore(const std::string& id, std::size_t number);

/// Publishes the small pictures from before the event of picture `id` on `<base>/picture/<idOfBefore()>`.
void publishBefore(Publisher& publisher, const Config& config, const std::string& id, std::vector<Picture> before);

/// Publishes a picture on image.topic, on the device's own topic if Home Assistant needs one, and its description right
/// behind it. `done` tells how the one on image.topic ended, as Publisher::publish().
void publishPicture(Publisher& publisher, const Config& config, PicturePost post, DeliveryHandler done);

/// The largest picture that the broker takes on every topic it goes to.
std::size_t maxPicturePayload(const Publisher& publisher, const Config& config);

/// The reply to a command whose picture could not be taken or made.
Outcome notTaken(const Error& error);
/// The reply to a command whose picture did not reach the broker on `topic`.
Outcome notDelivered(Delivery delivery, const std::string& topic);

}  // namespace edge
