// SPDX-License-Identifier: MIT
#include "services/gpio/gpio_service_report.hpp"

#include <utility>

#include "core/system/log.hpp"

namespace edge {

namespace {

std::string_view word(GpioDirection direction) {
    return direction == GpioDirection::kInput ? "input" : "output";
}

}  // namespace

/// Shared with the publisher's acknowledgements, which may come when the line is gone.
struct GpioReport::Sender : std::enable_shared_from_this<GpioReport::Sender> {
    Sender(Publisher& to, std::string onTopic) : publisher(to), topic(std::move(onTopic)) {}

    void send(bool active) {
        latest = active;
        if (topic.empty() || publisher.connection() == nullptr || inFlight >= kMaxInFlight) return;
        sent = active;
        ++inFlight;
        Publication publication;
        publication.topic = topic;
        publication.payload = active ? "ON" : "OFF";
        publication.retain = Retain::kYes;
        publisher.publish(std::move(publication), Priority::kReply, [weak = weak_from_this()](Delivery) {
            if (const auto self = weak.lock()) self->acknowledged();
        });
    }

    void acknowledged() {
        --inFlight;
        if (latest != sent) send(latest);
    }

    Publisher& publisher;
    std::string topic;
    bool latest = false;
    bool sent = false;
    std::size_t inFlight = 0;
};

GpioReport::GpioReport(Publisher& publisher, std::string name, GpioDirection direction, std::string topic,
                       std::function<void()> healthChanged)
    : health_{std::move(name), direction, std::nullopt, ""},
      healthChanged_(std::move(healthChanged)),
      sender_(std::make_shared<Sender>(publisher, std::move(topic))) {}

void GpioReport::show(bool active) {
    const bool recovered = !health_.problem.empty();
    if (recovered) log::info("gpio {} {}: works again", word(health_.direction), health_.name);
    health_.problem.clear();
    health_.active = active;
    sender_->send(active);
    if (recovered && healthChanged_) healthChanged_();
}

void GpioReport::fail(const Error& error) {
    if (health_.problem == error.message) return;
    log::warning("gpio {} {}: {}; tried again every 30 s", word(health_.direction), health_.name, error.message);
    health_.problem = error.message;
    health_.active.reset();
    if (healthChanged_) healthChanged_();
}

void GpioReport::rename(std::string name, std::string topic) {
    health_.name = std::move(name);
    if (topic == sender_->topic) return;
    sender_->topic = std::move(topic);
    republish();
}

void GpioReport::republish() {
    if (health_.active) sender_->send(*health_.active);
}

}  // namespace edge
