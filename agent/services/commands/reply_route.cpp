// SPDX-License-Identifier: MIT
#include "services/commands/reply_route.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace edge {

ReplyRoute::ReplyRoute(const Config& config, std::vector<std::string> subscriptions)
    : defaultTopic_(config.topics.base.empty() ? "" : config.topics.base + "/response"),
      subscriptions_(std::move(subscriptions)) {}

ReplyTarget ReplyRoute::targetFor(const InboundMessage& message) const {
    if (message.responseTopic && isAllowed(*message.responseTopic)) {
        return {*message.responseTopic, message.correlationData};
    }
    return {defaultTopic_, std::nullopt};
}

bool ReplyRoute::isAllowed(const std::string& topic) const {
    constexpr std::string_view kForbidden("+#\0", 3);
    return !topic.empty() && topic.front() != '$' && !topic.ends_with("/set") && isValidUtf8(topic) &&
           topic.find_first_of(kForbidden) == std::string::npos &&
           std::find(subscriptions_.begin(), subscriptions_.end(), topic) == subscriptions_.end();
}

}  // namespace edge
