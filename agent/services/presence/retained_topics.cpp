// SPDX-License-Identifier: MIT
#include "services/presence/retained_topics.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "core/system/log.hpp"
#include "core/text.hpp"
#include "services/home_assistant/discovery_payload.hpp"

namespace edge {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kStateKey = "retained_topics";

/// The digits of the default device id, which tell this machine from one with a copy of its card.
std::string machineOf(const Identity& identity) {
    return identity.deviceId.substr(identity.deviceId.rfind('-') + 1);
}

}  // namespace

RetainedTopics::RetainedTopics(Publisher& publisher, Journal& journal, const Config& config, const Identity& identity)
    : publisher_(publisher), journal_(journal), machine_(machineOf(identity)), config_(config) {}

std::set<std::string> RetainedTopics::of(const Config& config) {
    std::set<std::string> topics;
    if (config.homeAssistant.enabled) topics.insert(discoveryTopic(config));
    const std::string& base = config.topics.base;
    if (base.empty()) return topics;
    for (const char* leaf : {"status", "info", "health", "publishing"}) topics.insert(base + '/' + leaf);
    for (const SensorConfig& sensor : config.sensors) topics.insert(base + "/sensor/" + sensor.name + "/status");
    if (config.camera.backend != CameraBackend::kNone) topics.insert(base + "/camera/status");
    if (config.camera.motion.enabled) topics.insert(base + "/camera/motion");
    for (const GpioInputConfig& input : config.gpio.inputs) topics.insert(base + "/gpio/" + input.name);
    for (const GpioOutputConfig& output : config.gpio.outputs) topics.insert(base + "/gpio/" + output.name);
    return topics;
}

void RetainedTopics::restore(const JournalSnapshot& snapshot) {
    const auto found = snapshot.state.find(kStateKey);
    if (found == snapshot.state.end()) return;
    const Json json = Json::parse(found->second, nullptr, false);
    if (!json.is_object() || json.value("machine", Json()) != machine_) {
        log::info("this journal comes from another machine; its topics at the broker are left alone");
        return;
    }
    for (const Json& topic : json.value("topics", Json::array())) {
        if (topic.is_string()) known_.insert(topic.get<std::string>());
    }
}

void RetainedTopics::onReload() {
    if (publisher_.connection() != nullptr) onConnected();
}

void RetainedTopics::onConnected() {
    const std::set<std::string> used = of(config_);
    std::set<std::string> all = known_;
    all.insert(used.begin(), used.end());
    remember(std::move(all));
    // Without retained messages there is nothing to empty, and an empty message would puzzle whoever listens.
    if (publisher_.connection() == nullptr || !publisher_.connection()->limits.retain) return;
    for (const std::string& topic : known_) {
        if (used.count(topic) == 0) empty(topic);
    }
}

void RetainedTopics::empty(const std::string& topic) {
    Publication nothing;
    nothing.topic = topic;
    nothing.retain = Retain::kYes;
    ++pending_;
    publisher_.publish(std::move(nothing), Priority::kReply,
                       [this, topic, alive = std::weak_ptr<int>(lifetime_)](Delivery delivery) {
                           if (!alive.expired()) finished(topic, delivery);
                       });
}

void RetainedTopics::finished(const std::string& topic, Delivery delivery) {
    if (delivery == Delivery::kDenied) {
        log::warning(
            "the broker does not let this agent empty {}, which it does not use any more; delete that retained message "
            "with another client: mosquitto_pub -r -n -t {}",
            printable(topic), printable(topic));
    }
    if (delivery != Delivery::kLost) emptied_.insert(topic);
    if (--pending_ > 0 || emptied_.empty()) return;
    log::info("emptied {} retained topics that this configuration does not use", emptied_.size());
    const std::set<std::string> used = of(config_);  // a reload may have brought one back
    std::set<std::string> left = known_;
    for (const std::string& gone : std::exchange(emptied_, {})) {
        if (used.count(gone) == 0) left.erase(gone);
    }
    remember(std::move(left));
}

void RetainedTopics::remember(std::set<std::string> topics) {
    if (topics == known_) return;
    known_ = std::move(topics);
    journal_.saveState(kStateKey, Json{{"machine", machine_}, {"topics", known_}}.dump(), {});
}

}  // namespace edge
