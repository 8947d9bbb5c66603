// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "services/service.hpp"

namespace edge {

/// When this agent was last connected, kept over restarts. A 3.1.1 broker cannot be told how long to keep a session:
/// after more than mqtt.session_expiry the agent has to discard the old one itself. With MQTT 5 the broker does it, and
/// nothing is written.
class LastConnection : Service {
  public:
    LastConnection(const ServiceContext& context, std::string bootId) : Service(context), bootId_(std::move(bootId)) {}

    /// How long this agent was not connected. Up to a quarter of the expiry too long if the last run was killed.
    /// nullopt: nothing is known.
    [[nodiscard]] std::optional<milliseconds> away(const JournalSnapshot& snapshot) const;

    void onConnected(int protocolVersion);
    void onDisconnected();

  private:
    void save();
    void saveRegularly();

    std::string bootId_;
    bool isNeeded_ = false;  ///< connected with 3.1.1
    Timer regular_;
};

}  // namespace edge
