// SPDX-License-Identifier: MIT
#include "services/presence/retained_topics.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

#include <nlohmann/json.hpp>

#include "config/settings.hpp"
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

RetainedTopics::RetainedTopics(const ServiceContext& context, const Identity& identity)
    : Service(context), machine_(machineOf(identity)) {}

std::set<std::string> RetainedTopics::of(const Config& config) {
    std::set<std::string> topics;
    if (config.homeAssistant.enabled) topics.insert(discoveryTopic(config));
    const std::string& base = config.topics.base;
    if (base.empty()) return topics;
    for (const char* leaf : {"status", "info", "health", "publishing", "settings"}) topics.insert(base + '/' + leaf);
    for (const SensorConfig& sensor : config.sensors) topics.insert(base + "/sensor/" + sensor.name + "/status");
    if (config.camera.backend != CameraBackend::kNone) {
        for (const char* leaf : {"/camera/status", "/camera/live"}) topics.insert(base + leaf);
    }
    if (config.camera.motion.enabled) topics.insert(base + "/camera/motion");
    for (const std::string& topic : switchTopics(config)) topics.insert(base + '/' + topic);
    for (const GpioInputConfig& input : config.gpio.inputs) topics.insert(base + "/gpio/" + input.name);
    for (const GpioOutputConfig& output : config.gpio.outputs) topics.insert(base + "/gpio/" + output.name);
    for (const ScheduleConfig& schedule : config.schedules)
        topics.insert(base + "/schedule/" + schedule.name + "/next");
    return topics;
}

void RetainedTopics::restore(const JournalSnapshot& snapshot) {
    const std::string saved = savedState(snapshot, kStateKey);
    if (saved.empty()) return;
    const Json json = Json::parse(saved, nullptr, false);
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
    std::vector<std::string> unused;
    std::set_difference(known_.begin(), known_.end(), used.begin(), used.end(), std::back_inserter(unused));
    const std::size_t before = known_.size();
    known_.insert(used.begin(), used.end());
    if (known_.size() > before) save();
    // Without retained messages there is nothing to empty, and an empty message would confuse subscribers.
    if (publisher_.connection() == nullptr || !publisher_.connection()->limits.retain || unused.empty()) return;
    log::info("emptying {} retained topics that this configuration does not use", unused.size());
    for (const std::string& topic : unused) empty(topic);
}

void RetainedTopics::empty(const std::string& topic) {
    publisher_.publish({.topic = topic, .payload = "", .retain = Retain::kYes}, Priority::kReply,
                       scope_.wrap([this, topic](Delivery delivery) {
                           if (delivery == Delivery::kDenied) {
                               log::warning(
                                   "the broker does not let this agent empty {}, which it no longer uses; delete that "
                                   "retained message with another client: mosquitto_pub -r -n -t {}",
                                   printable(topic), printable(topic));
                           }
                           // A lost one is tried again on the next connection. A reload may have brought the topic
                           // back.
                           if (delivery == Delivery::kLost || of(config_).count(topic) != 0) return;
                           known_.erase(topic);
                           save();
                       }));
}

void RetainedTopics::save() {
    journal_.saveState(kStateKey, Json{{"machine", machine_}, {"topics", known_}}.dump(), {});
}

}  // namespace edge
