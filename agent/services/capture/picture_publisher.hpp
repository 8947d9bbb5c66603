// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "camera/client/picture_source.hpp"
#include "config/config.hpp"
#include "mqtt/publisher.hpp"

namespace edge {

/// What `<base>/image` and the reply say of one picture beside what the camera program said.
struct ImageDescription {
    std::string id;
    std::string trigger;      ///< "command", "motion", or "gpio:<name>"
    std::string transaction;  ///< "" is left out
    std::int64_t bytes = 0;
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

/// Publishes a picture on image.topic, on the device's own topic if Home Assistant needs one, and its description right
/// behind it. `done` tells how the one on image.topic ended, as Publisher::publish().
void publishPicture(Publisher& publisher, const Config& config, PicturePost post, DeliveryHandler done);

/// The largest picture that the broker takes on every topic it goes to.
std::size_t maxPicturePayload(const Publisher& publisher, const Config& config);

}  // namespace edge
