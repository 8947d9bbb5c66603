// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "core/loop.hpp"
#include "mqtt/publisher.hpp"

namespace edge {

/// A publisher that ends before the one behind it: when services are replaced and the connection stays. Thread: the
/// loop's.
class PublisherGate : public Publisher {
  public:
    PublisherGate(Loop& loop, Publisher& next) : loop_(loop), next_(next) {}

    [[nodiscard]] const ConnectionInfo* connection() const override { return isOpen_ ? next_.connection() : nullptr; }
    using Publisher::publish;
    void publish(std::shared_ptr<const Publication> publication, Priority priority, DeliveryHandler done) override;
    [[nodiscard]] std::size_t maxPayload(const std::string& topic) const override { return next_.maxPayload(topic); }

    /// What was handed on still goes its way, but nobody will hear of it: for its handlers it ends as kLost, soon. What
    /// comes from now on ends so, too.
    void close();

  private:
    void end(std::uint64_t id, Delivery delivery);

    Loop& loop_;
    Publisher& next_;
    bool isOpen_ = true;
    std::uint64_t lastId_ = 0;
    std::map<std::uint64_t, DeliveryHandler> open_;
    std::shared_ptr<int> lifetime_ = std::make_shared<int>(0);
};

}  // namespace edge
