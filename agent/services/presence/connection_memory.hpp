// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "journal/journal.hpp"

namespace edge {

/// Remembers over restarts when this agent was last connected. A 3.1.1 broker cannot be told how long to keep a
/// session: whoever was away for longer than mqtt.session_expiry has to throw the old one away himself. With MQTT 5 the
/// broker does it, and nothing is written. Thread: the loop's.
class ConnectionMemory {
  public:
    ConnectionMemory(Loop& loop, Journal& journal, const Config& config, std::string bootId);

    /// How long nobody was connected, as far as the last run's notes tell; rather too long (by a quarter of the expiry)
    /// where that run ended without a word. nullopt: nothing is known.
    [[nodiscard]] std::optional<milliseconds> away(const JournalSnapshot& snapshot) const;

    void onConnected(int protocolVersion);
    void onDisconnected();

  private:
    void note();
    void noteRegularly();

    Loop& loop_;
    Journal& journal_;
    const Config& config_;
    std::string bootId_;
    bool isWanted_ = false;  ///< connected with a protocol that needs it
    Timer regular_;
};

}  // namespace edge
