// SPDX-License-Identifier: MIT
#include "services/discovery.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "core/log.hpp"

namespace edge {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kStateKey = "home_assistant";

}  // namespace

Discovery::Discovery(Loop& loop, Publisher& publisher, Journal& journal, const Config& config, Identity identity,
                     RandomSource random)
    : loop_(loop),
      publisher_(publisher),
      journal_(journal),
      config_(config),
      identity_(std::move(identity)),
      random_(std::move(random)) {}

std::optional<std::string> Discovery::subscription(const Config& config) {
    if (!config.homeAssistant.enabled) return std::nullopt;
    return discoveryBirthTopic(config);
}

std::vector<std::string> Discovery::withSubscription(std::vector<std::string> topics, const Config& config) {
    if (auto birth = subscription(config)) topics.push_back(std::move(*birth));
    return topics;
}

Discovery::Announced Discovery::parse(const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    const auto topic = json.is_object() ? json.find("topic") : json.end();
    if (topic == json.end() || !topic->is_string()) return {};
    Announced announced{topic->get<std::string>(), {}};
    const auto components = json.find("components");
    if (components == json.end() || !components->is_object()) return announced;
    for (const auto& [key, platform] : components->items()) {
        if (platform.is_string()) announced.components[key] = platform.get<std::string>();
    }
    return announced;
}

std::string Discovery::format(const Announced& announced) {
    if (announced.topic.empty()) return "{}";
    return Json{{"topic", announced.topic}, {"components", announced.components}}.dump();
}

void Discovery::restore(const JournalSnapshot& snapshot) {
    if (const auto found = snapshot.state.find(kStateKey); found != snapshot.state.end())
        announced_ = parse(found->second);
}

void Discovery::onConnected() {
    const bool isElsewhere = !announced_.topic.empty() && announced_.topic != discoveryTopic(config_);
    if (isElsewhere || (!announced_.topic.empty() && !config_.homeAssistant.enabled)) return withdraw();
    announce();
}

void Discovery::onDisconnected() {
    birth_.cancel();
}

void Discovery::handleBirth(const std::string& payload) {
    if (payload != "online") return;
    const auto delay = std::chrono::duration_cast<milliseconds>(kLongestBirthDelay * random_());
    birth_ = loop_.after(delay, [this] { announce(); });
}

void Discovery::setInterval(std::optional<milliseconds> interval) {
    if (interval != std::exchange(interval_, interval)) announce();
}

/// What is gone is named once without its options, which removes it, and left out after that.
void Discovery::announce() {
    if (!config_.homeAssistant.enabled || publisher_.connection() == nullptr) return;
    const Announced wanted{discoveryTopic(config_), discoveryComponents(config_)};
    DiscoveredComponents removed;
    for (const auto& [key, platform] : announced_.components) {
        const auto kept = wanted.components.find(key);
        if (kept == wanted.components.end() || kept->second != platform) removed[key] = platform;
    }
    // From now on the broker may have the one or the other.
    Announced possible = wanted;
    for (const auto& [key, platform] : removed) possible.components[key] = platform;
    remember(std::move(possible));
    if (!removed.empty())
        publish(wanted.topic, formatDiscovery(config_, identity_, interval_, removed), [](Delivery) {});
    publish(wanted.topic, formatDiscovery(config_, identity_, interval_, {}), [this, wanted](Delivery delivery) {
        if (delivery == Delivery::kDelivered) return remember(wanted);
        if (delivery == Delivery::kTooLarge)
            log::warning("the announcement to Home Assistant is larger than the broker takes; raise its packet limit");
    });
}

void Discovery::withdraw() {
    const std::string topic = announced_.topic;
    log::info("Home Assistant: what was announced on {} is taken back", topic);
    publish(topic, "", [this, topic](Delivery delivery) {
        if (delivery == Delivery::kLost) return;
        if (delivery == Delivery::kDenied) {
            log::warning(
                "the broker does not let this agent take back what it announced on {}: delete that retained "
                "message with another client",
                topic);
        }
        remember({});
        announce();
    });
}

void Discovery::publish(const std::string& topic, std::string payload, DeliveryHandler done) {
    Publication publication;
    publication.topic = topic;
    publication.payload = std::move(payload);
    publication.retain = Retain::kYes;
    publisher_.publish(std::move(publication), Priority::kReply,
                       [done = std::move(done), alive = std::weak_ptr<int>(lifetime_)](Delivery delivery) {
                           if (!alive.expired()) done(delivery);
                       });
}

void Discovery::remember(Announced announced) {
    if (announced == announced_) return;
    announced_ = std::move(announced);
    journal_.saveState(kStateKey, format(announced_), {});
}

}  // namespace edge
