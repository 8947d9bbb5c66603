// SPDX-License-Identifier: MIT
#include "services/home_assistant/discovery.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "core/system/log.hpp"

namespace edge {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kStateKey = "home_assistant";

/// The components that were announced on `topic`; none if the state is about another one.
DiscoveredComponents parseKnown(const std::string& state, const std::string& topic) {
    const Json json = Json::parse(state, nullptr, false);
    if (!json.is_object() || json.value("topic", "") != topic) return {};
    return json.value("components", DiscoveredComponents{});
}

/// "" while disabled.
std::string topicOf(const Config& config) {
    return config.homeAssistant.enabled ? discoveryTopic(config) : "";
}

}  // namespace

Discovery::Discovery(const ServiceContext& context, Identity identity, RandomSource random, Task subscribed)
    : Service(context),
      identity_(std::move(identity)),
      random_(std::move(random)),
      subscribed_(std::move(subscribed)) {}

std::optional<std::string> Discovery::subscription(const Config& config) {
    if (!config.homeAssistant.enabled) return std::nullopt;
    return config.homeAssistant.prefix + "/status";
}

void Discovery::restore(const JournalSnapshot& snapshot) {
    const std::string saved = savedState(snapshot, kStateKey);
    known_ = parseKnown(saved, topicOf(config_));
    if (!config_.homeAssistant.enabled && !saved.empty() && saved != "{}") forget();
}

/// RetainedTopics empties the topic that is no longer used, so that nothing has to be removed on another one.
void Discovery::forget() {
    known_.clear();
    journal_.saveState(kStateKey, "{}", {});
}

void Discovery::onReload(const Config& before) {
    const bool isOtherTopic = topicOf(config_) != topicOf(before);
    if (isOtherTopic) forget();
    if (!config_.homeAssistant.enabled) return;
    if (isOtherTopic || payloadOf(config_).json != payloadOf(before).json) announceSoon();
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

void Discovery::setBoard(const BoardHealth& health) {
    const BoardParts board{.hasTemperature = health.cpuCelsius.has_value(),
                           .hasWifi = health.wifi.has_value(),
                           .hasPowerFlags = health.undervoltage.has_value()};
    if (board == board_) return;  // nearly always, and a payload is costly to make
    const std::string before = payloadOf(config_).json;
    board_ = board;
    if (payloadOf(config_).json != before) announceSoon();
}

void Discovery::announceSoon() {
    next_ = loop_.at(announcedAt_ + kPause, [this] { announce(); });
}

void Discovery::announce() {
    if (!config_.homeAssistant.enabled || publisher_.connection() == nullptr) return;
    DiscoveryPayload payload = payloadOf(config_);
    if (payload.components.size() > kMostKnown) payload = makeDiscovery(config_, identity_, interval_, board_, {});
    // Saved before it is sent: from then on Home Assistant may know it.
    if (payload.components != known_) {
        known_ = std::move(payload.components);
        journal_.saveState(kStateKey, Json{{"topic", topicOf(config_)}, {"components", known_}}.dump(), {});
    }
    publisher_.publish(
        {.topic = topicOf(config_), .payload = std::move(payload.json), .retain = Retain::kYes}, Priority::kReply,
        [](Delivery delivery) {
            if (delivery != Delivery::kTooLarge) return;
            log::warning(
                "the Home Assistant discovery message is larger than the broker takes; raise its packet limit");
        });
    announcedAt_ = loop_.clock().now();
    next_.cancel();
    subscribedTimer_ = loop_.after(kSubscribed, subscribed_);
}

}  // namespace edge
