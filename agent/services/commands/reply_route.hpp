// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "mqtt/message.hpp"

namespace edge {

/// Where one reply goes.
struct ReplyTarget {
    std::string topic;  ///< "" = nobody can be answered
    std::optional<std::string> correlationData;
};

/// Decides where a command is answered: MQTT 5's Response Topic, unless answering there could make the agent talk to
/// itself or set an output, else `<base>/response`.
class ReplyRoute {
  public:
    ReplyRoute(const Config& config, std::vector<std::string> subscriptions);
    [[nodiscard]] ReplyTarget targetFor(const InboundMessage& message) const;
    /// `<base>/response`, "" with plain topics only.
    [[nodiscard]] const std::string& defaultTopic() const { return defaultTopic_; }

  private:
    [[nodiscard]] bool isAllowed(const std::string& topic) const;

    std::string defaultTopic_;
    std::vector<std::string> subscriptions_;
};

}  // namespace edge
