// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include "config/config.hpp"
#include "mqtt/publisher.hpp"

namespace edge {

/// A picture, ready to be published.
struct PicturePost {
    std::string jpeg;
    std::string description;  ///< of `<base>/image`: one JSON object
    std::string id;
    std::string time;  ///< RFC 3339, start of exposure
    std::string transaction{};
};

/// Publishes pictures where they belong: image.topic, the device's own topic where Home Assistant needs one, and the
/// description beside it. Thread: the loop's.
class PicturePublisher {
  public:
    PicturePublisher(Publisher& publisher, const Config& config);

    /// The picture, and its description right behind it. `done` tells how the one on image.topic ended, as
    /// Publisher::publish().
    void publish(PicturePost post, DeliveryHandler done);
    /// The largest picture that the broker takes on every topic it goes to.
    [[nodiscard]] std::size_t maxPayload() const;

  private:
    Publisher& publisher_;
    const Config& config_;
};

}  // namespace edge
