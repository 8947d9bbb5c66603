// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "core/system/identity.hpp"
#include "services/service.hpp"

namespace edge {

/// Publishes who this agent is and how it is: `<base>/status`, `info` and `health`, all retained. Does nothing if
/// topics.base is "".
class Presence : Service {
  public:
    /// `makeHealth` gives the JSON of health when it is needed.
    Presence(const ServiceContext& context, const Identity& identity, std::function<std::string()> makeHealth);

    /// "offline", retained: the broker publishes it when the agent is gone without a disconnect.
    static Publication lastWill(const Config& config);

    /// Publishes the info again if it changed.
    void onReload(const Config& before);
    /// Online, info, health: on each connection, before anything else, and for the `status` command.
    void announce();
    /// Something in health changed: it is published within kHealthDelay, several changes together.
    void healthChanged();

    static constexpr seconds kHealthInterval{60};
    static constexpr milliseconds kHealthDelay{1000};

  private:
    void publishHealth();

    const Identity& identity_;
    WallTime startedAt_;
    std::function<std::string()> makeHealth_;
    Timer regular_;
    Timer soon_;
    bool isSoonPending_ = false;
};

}  // namespace edge
