// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/system/identity.hpp"
#include "services/service.hpp"

namespace edge {

/// Publishes who this agent is and how it is: `<base>/status`, `info` and `health`, all retained; nothing if
/// topics.base is "".
///
/// With a 3.1.1 broker it also keeps, over restarts, when this agent was last connected: that broker cannot be told how
/// long to keep a session, so after more than mqtt.session_expiry the agent has to discard the old one itself. With
/// MQTT 5 the broker does it, and nothing is written.
class Presence : Service {
  public:
    /// `makeHealth` gives the JSON of health when it is needed.
    Presence(const ServiceContext& context, const Identity& identity, std::function<std::string()> makeHealth);

    /// "offline", retained: the broker publishes it when the agent is gone without a disconnect.
    static Publication lastWill(const Config& config);

    /// Publishes the info again if it changed.
    void onReload(const Config& before);
    /// How long this agent was not connected. Up to a quarter of the expiry too long if the last run was killed.
    /// nullopt: nothing is known.
    [[nodiscard]] std::optional<milliseconds> away(const JournalSnapshot& snapshot) const;
    /// Announces.
    void onConnected(int protocolVersion);
    void onDisconnected();

    /// Online, info, health: on each connection, before anything else, and for the `status` command.
    void announce();
    /// Something in health changed: it is published within kHealthDelay, several changes together.
    void healthChanged();

    static constexpr seconds kHealthInterval{60};
    static constexpr milliseconds kHealthDelay{1000};

  private:
    void publishHealth();
    void saveConnection();
    void saveConnectionRegularly();

    const Identity& identity_;
    WallTime startedAt_;
    std::function<std::string()> makeHealth_;
    Timer regular_;
    Timer soon_;
    bool isSoonPending_ = false;
    bool isConnectionSaved_ = false;  ///< connected with 3.1.1
    Timer saving_;
};

}  // namespace edge
