// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "core/system/board.hpp"
#include "core/system/identity.hpp"
#include "core/system/random.hpp"
#include "services/home_assistant/discovery_payload.hpp"
#include "services/service.hpp"

namespace edge {

/// Announces the device to Home Assistant. Every announcement also names the components that earlier ones had and this
/// one has not, so that a Home Assistant that was offline at a removal still removes them; the journal keeps these
/// names. RetainedTopics empties the topic when it is no longer used.
class Discovery : Service {
  public:
    /// Home Assistant asks for a random delay, so that not all devices publish at once when it has started.
    static constexpr milliseconds kLongestBirthDelay{5000};
    /// While Home Assistant is still adding one component, it drops a part of the next announcement.
    static constexpr seconds kPause{3};
    /// By then Home Assistant has subscribed to what was announced.
    static constexpr seconds kSubscribed{5};
    /// With more components than this, the names of removed ones are forgotten.
    static constexpr std::size_t kMostKnown = 1000;

    /// `subscribed` is called kSubscribed after each announcement: from then on Home Assistant receives messages that
    /// are not retained.
    Discovery(const ServiceContext& context, Identity identity, RandomSource random, Task subscribed);

    /// The topic to subscribe to; nullopt while disabled.
    [[nodiscard]] static std::optional<std::string> subscription(const Config& config);

    /// What the last run announced.
    void restore(const JournalSnapshot& snapshot);
    /// A change is announced, not sooner than kPause after the last announcement.
    void onReload(const Config& before);
    void onConnected() { announce(); }
    void onDisconnected();
    /// A message on subscription(): "online" has the device announced again.
    void handleBirth(const std::string& payload);
    /// How often readings are published now; nullopt while they are not. A change is announced, not sooner than kPause
    /// after the last announcement.
    void setInterval(std::optional<milliseconds> interval);
    /// Parts that the board has not had before are announced.
    void setBoard(const BoardHealth& health);

  private:
    [[nodiscard]] DiscoveryPayload payloadOf(const Config& config) const {
        return makeDiscovery(config, identity_, interval_, board_, known_);
    }
    void announce();
    void announceSoon();
    void forget();

    Identity identity_;
    RandomSource random_;
    Task subscribed_;
    std::optional<milliseconds> interval_;
    BoardParts board_;            ///< at the last look
    DiscoveredComponents known_;  ///< what any announcement on the current topic named
    SteadyTime announcedAt_{};
    Timer next_;
    Timer subscribedTimer_;
};

}  // namespace edge
