// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "journal/journal.hpp"

namespace edge {

/// When this agent was last connected, kept over restarts. A 3.1.1 broker cannot be told how long to keep a session:
/// after more than mqtt.session_expiry the agent has to discard the old one itself. With MQTT 5 the broker does it, and
/// nothing is written. Thread: the loop's.
class LastConnection {
  public:
    LastConnection(Loop& loop, Journal& journal, const Config& config, std::string bootId);

    /// How long this agent was not connected. Up to a quarter of the expiry too long if the last run was killed.
    /// nullopt: nothing is known.
    [[nodiscard]] std::optional<milliseconds> away(const JournalSnapshot& snapshot) const;

    void onConnected(int protocolVersion);
    void onDisconnected();

  private:
    void save();
    void saveRegularly();

    Loop& loop_;
    Journal& journal_;
    const Config& config_;
    std::string bootId_;
    bool isNeeded_ = false;  ///< connected with 3.1.1
    Timer regular_;
};

}  // namespace edge
