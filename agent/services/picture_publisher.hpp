// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "config/config.hpp"
#include "mqtt/publisher.hpp"

namespace edge {

/// A picture, ready to be published.
struct PicturePost {
    std::string jpeg;
    std::string id;
    std::string time;  ///< RFC 3339, start of exposure
    std::string transaction{};
};

/// Publishes pictures where they belong: image.topic, the device's own topic where Home Assistant needs one, and the
/// description beside it. Thread: the loop's.
class PicturePublisher {
  public:
    PicturePublisher(Publisher& publisher, const Config& config);

    /// The picture without its description. `done` tells how the one on image.topic ended, as Publisher::publish().
    /// Returns that one.
    std::shared_ptr<const Publication> publish(PicturePost post, DeliveryHandler done);
    /// One JSON object, right after its picture: a description is of the one before it.
    void describe(std::string description);
    /// The largest picture that the broker takes on every topic it goes to.
    [[nodiscard]] std::size_t maxPayload() const;

  private:
    Publisher& publisher_;
    std::string topic_;
    std::string ownTopic_;  ///< "" = none
    std::string base_;
    Qos qos_;
};

}  // namespace edge
