// SPDX-License-Identifier: MIT
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "config/schema/checks.hpp"
#include "config/schema/text_rules.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

/// Who uses which topic. The contract's topics are listed in docs/mqtt.md.
class TopicChecker {
  public:
    TopicChecker(const Config& config, Mistakes& mistakes) : config_(config), mistakes_(mistakes) {
        const std::string& base = config.topics.base;
        if (!base.empty()) collectOwn(base);
        if (config.homeAssistant.enabled) {
            if (!base.empty() && config.image.isTopicShared) own_.insert(base + "/jpeg");
            listen("home_assistant.prefix", config.homeAssistant.prefix + "/status");
            own_.emplace(fmt::format("{}/device/{}/config", config.homeAssistant.prefix, config.device.id));
        }
        if (!config.topics.command.empty()) listen("topics.command", config.topics.command);
    }

    void checkPlain() {
        std::map<std::string, std::string> taken{{config_.image.topic, "image.topic"}};
        checkPublished("image.topic", config_.image.topic);
        for (std::size_t i = 0; i < config_.sensors.size(); ++i) {
            const std::string& topic = config_.sensors[i].topic;
            const std::string path = fmt::format("sensor[{}].topic", i);
            if (topic.empty() || mistakes_.has(path)) continue;
            checkPublished(path, topic);
            const auto [other, isNew] = taken.emplace(topic, path);
            if (isNew) continue;
            const auto line = config_.lines.find(other->second);
            const std::string where =
                line == config_.lines.end() ? "by default" : fmt::format("in line {}", line->second);
            complain(path, topic, fmt::format("is {} {} too", shownKey(other->second), where));
        }
    }

  private:
    void collectOwn(const std::string& base) {
        for (const char* leaf :
             {"response", "status", "info", "health", "publishing", "image", "camera/status", "camera/motion"}) {
            own_.insert(base + '/' + leaf);
        }
        for (const SensorConfig& sensor : config_.sensors) {
            const std::string topic = fmt::format("{}/sensor/{}", base, sensor.name);
            own_.insert({topic, topic + "/status", topic + "/backlog"});
        }
        for (const GpioInputConfig& input : config_.gpio.inputs)
            own_.insert(fmt::format("{}/gpio/{}", base, input.name));
        for (const GpioOutputConfig& output : config_.gpio.outputs) {
            const std::string topic = fmt::format("{}/gpio/{}", base, output.name);
            own_.insert(topic);
            listened_.insert(topic + "/set");
        }
        listened_.insert(base + "/command");
    }

    /// The broadcast may be the agent's own command topic: one subscription serves both.
    void listen(const std::string& path, const std::string& topic) {
        if (own_.count(topic) != 0)
            complain(path, topic, "is published by the agent itself, which would answer itself");
        const bool isCommand = path == "topics.command" && topic == config_.topics.base + "/command";
        if (!listened_.insert(topic).second && !isCommand) complain(path, topic, "is listened to for something else");
    }

    void checkPublished(const std::string& path, const std::string& topic) {
        if (listened_.count(topic) != 0)
            complain(path, topic, "is listened to by the agent, which would answer itself");
        if (own_.count(topic) != 0) complain(path, topic, "is published by the agent for something else");
    }

    void complain(const std::string& path, const std::string& topic, const std::string& what) {
        if (mistakes_.has(path)) return;
        constexpr std::size_t kMaxShownBytes = 60;
        mistakes_.add(lineOf(config_, path), path,
                      fmt::format("\"{}\" {}; allowed: a topic of its own", printable(topic, kMaxShownBytes), what));
    }

    const Config& config_;
    Mistakes& mistakes_;
    std::set<std::string> own_;
    std::set<std::string> listened_;
};

void checkLength(const Config& config, const std::string& path, const std::string& topic, std::size_t maxBytes,
                 Mistakes& mistakes) {
    if (topic.size() <= maxBytes || mistakes.has(path)) return;
    mistakes.add(lineOf(config, path), path,
                 fmt::format("is {} bytes long with {{id}} replaced; allowed: {}", topic.size(), maxBytes));
}

}  // namespace

void checkTopics(const Config& config, Mistakes& mistakes) {
    checkLength(config, "topics.command", config.topics.command, kMaxTopicBytes, mistakes);
    checkLength(config, "topics.base", config.topics.base, kMaxTopicPrefixBytes, mistakes);
    checkLength(config, "image.topic", config.image.topic, kMaxTopicBytes, mistakes);
    for (std::size_t i = 0; i < config.sensors.size(); ++i) {
        checkLength(config, fmt::format("sensor[{}].topic", i), config.sensors[i].topic, kMaxTopicBytes, mistakes);
    }
    TopicChecker(config, mistakes).checkPlain();
}

}  // namespace edge
