// SPDX-License-Identifier: MIT
#include "services/home_assistant/discovery.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "core/system/log.hpp"

namespace edge {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kStateKey = "home_assistant";

/// What was announced on `topic`; nothing where the state is about another one.
DiscoveredComponents parseKnown(const std::string& state, const std::string& topic) {
    const Json json = Json::parse(state, nullptr, false);
    const auto found = json.is_object() ? json.find("topic") : json.end();
    if (found == json.end() || *found != topic) return {};
    DiscoveredComponents known;
    const auto components = json.find("components");
    if (components == json.end() || !components->is_object()) return {};
    for (const auto& [key, platform] : components->items()) {
        if (platform.is_string()) known[key] = platform.get<std::string>();
    }
    return known;
}

/// "" while disabled.
std::string topicOf(const Config& config) {
    return config.homeAssistant.enabled ? discoveryTopic(config) : "";
}

}  // namespace

Discovery::Discovery(Loop& loop, Publisher& publisher, Journal& journal, const Config& config, Identity identity,
                     RandomSource random, Task subscribed)
    : loop_(loop),
      publisher_(publisher),
      journal_(journal),
      config_(config),
      identity_(std::move(identity)),
      random_(std::move(random)),
      subscribed_(std::move(subscribed)),
      topic_(topicOf(config)) {}

std::optional<std::string> Discovery::subscription(const Config& config) {
    if (!config.homeAssistant.enabled) return std::nullopt;
    return discoveryBirthTopic(config);
}

std::vector<std::string> Discovery::withSubscription(std::vector<std::string> topics, const Config& config) {
    if (auto birth = subscription(config)) topics.push_back(std::move(*birth));
    return topics;
}

void Discovery::restore(const JournalSnapshot& snapshot) {
    const auto found = snapshot.state.find(kStateKey);
    if (found == snapshot.state.end()) return;
    known_ = parseKnown(found->second, topic_);
    if (topic_.empty() && found->second != "{}") forget();
}

/// Enabled again later, it begins anew: its topic is emptied meanwhile.
void Discovery::forget() {
    known_.clear();
    journal_.saveState(kStateKey, "{}", {});
}

void Discovery::onReload(const Config& before) {
    if (const std::string topic = topicOf(config_); topic != std::exchange(topic_, topic)) forget();
    if (topic_.empty()) return;
    const auto said = [this](const Config& config) { return makeDiscovery(config, identity_, interval_, known_).json; };
    if (topic_ != topicOf(before) || said(config_) != said(before)) announceSoon();
}

void Discovery::onConnected() {
    announce();
}

void Discovery::onDisconnected() {
    next_.cancel();
    subscribedTimer_.cancel();
}

void Discovery::handleBirth(const std::string& payload) {
    if (payload != "online") return;
    const auto delay = std::chrono::duration_cast<milliseconds>(kLongestBirthDelay * random_());
    next_ = loop_.after(delay, [this] { announce(); });
}

void Discovery::setInterval(std::optional<milliseconds> interval) {
    if (interval != std::exchange(interval_, interval)) announceSoon();
}

void Discovery::announceSoon() {
    next_ = loop_.at(announcedAt_ + kPause, [this] { announce(); });
}

void Discovery::announce() {
    if (topic_.empty() || publisher_.connection() == nullptr) return;
    DiscoveryPayload payload = makeDiscovery(config_, identity_, interval_, known_);
    if (payload.components.size() > kMostKnown) payload = makeDiscovery(config_, identity_, interval_, {});
    // Before it is sent: from then on Home Assistant may know it.
    remember(std::move(payload.components));
    Publication publication;
    publication.topic = topic_;
    publication.payload = std::move(payload.json);
    publication.retain = Retain::kYes;
    publisher_.publish(std::move(publication), Priority::kReply, [](Delivery delivery) {
        if (delivery != Delivery::kTooLarge) return;
        log::warning("the announcement to Home Assistant is larger than the broker takes; raise its packet limit");
    });
    announcedAt_ = loop_.clock().now();
    next_.cancel();
    subscribedTimer_ = loop_.after(kSubscribed, subscribed_);
}

void Discovery::remember(DiscoveredComponents known) {
    if (known == known_) return;
    known_ = std::move(known);
    journal_.saveState(kStateKey, Json{{"topic", topic_}, {"components", known_}}.dump(), {});
}

}  // namespace edge
