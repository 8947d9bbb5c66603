// SPDX-License-Identifier: MIT
#include "mqtt/publisher_gate.hpp"

#include <utility>

namespace edge {

void PublisherGate::publish(std::shared_ptr<const Publication> publication, Priority priority, DeliveryHandler done) {
    if (!isOpen_) {
        if (done) loop_.post([done = std::move(done)] { done(Delivery::kLost); });
        return;
    }
    if (!done) return next_.publish(std::move(publication), priority, {});
    const std::uint64_t id = ++lastId_;
    open_.emplace(id, std::move(done));
    next_.publish(std::move(publication), priority,
                  [this, id, alive = std::weak_ptr<int>(lifetime_)](Delivery delivery) {
                      if (!alive.expired()) end(id, delivery);
                  });
}

void PublisherGate::end(std::uint64_t id, Delivery delivery) {
    const auto found = open_.find(id);
    if (found == open_.end()) return;
    const DeliveryHandler done = std::move(found->second);
    open_.erase(found);
    done(delivery);
}

void PublisherGate::close() {
    isOpen_ = false;
    for (auto& [id, done] : std::exchange(open_, {})) loop_.post([done = std::move(done)] { done(Delivery::kLost); });
}

}  // namespace edge
