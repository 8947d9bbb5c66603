// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "core/system/identity.hpp"
#include "core/system/random.hpp"
#include "journal/journal.hpp"
#include "mqtt/publisher.hpp"
#include "services/home_assistant/discovery_payload.hpp"

namespace edge {

/// Announces the device to Home Assistant. Every announcement also names what earlier ones had and this one has not,
/// so that a Home Assistant that was away at a removal still removes it; the journal keeps these names. RetainedTopics
/// empties the topic when it is used no longer. Thread: the loop's.
class Discovery {
  public:
    /// Home Assistant asks for a random delay, lest all devices speak at once when it has started.
    static constexpr milliseconds kLongestBirthDelay{5000};
    /// While Home Assistant is still adding one component, it drops a part of the next announcement.
    static constexpr seconds kPause{3};
    /// By then Home Assistant has subscribed to what was announced.
    static constexpr seconds kSubscribed{5};
    /// Names of removed components are forgotten where there are more than this in all.
    static constexpr std::size_t kMostKnown = 1000;

    /// `subscribed` is called kSubscribed after each announcement: now Home Assistant hears what is not retained.
    Discovery(Loop& loop, Publisher& publisher, Journal& journal, const Config& config, Identity identity,
              RandomSource random, Task subscribed);

    /// The topic to subscribe to; nullopt while disabled.
    [[nodiscard]] static std::optional<std::string> subscription(const Config& config);

    /// `topics`, and subscription() where there is one.
    [[nodiscard]] static std::vector<std::string> withSubscription(std::vector<std::string> topics,
                                                                   const Config& config);

    /// What the last run announced.
    void restore(const JournalSnapshot& snapshot);
    /// Announced where that says something else now, not sooner than kPause after the last announcement.
    void onReload(const Config& before);
    void onConnected();
    void onDisconnected();
    /// A message on subscription(): "online" has the device announced again.
    void handleBirth(const std::string& payload);
    /// How often readings are published now; nullopt while they are not. A change is announced, not sooner than kPause
    /// after the last announcement.
    void setInterval(std::optional<milliseconds> interval);

  private:
    void announce();
    void announceSoon();
    void forget();
    void remember(DiscoveredComponents known);

    Loop& loop_;
    Publisher& publisher_;
    Journal& journal_;
    const Config& config_;
    Identity identity_;
    RandomSource random_;
    Task subscribed_;
    std::optional<milliseconds> interval_;
    std::string topic_;           ///< "" while disabled
    DiscoveredComponents known_;  ///< what any announcement on topic_ named
    SteadyTime announcedAt_{};
    Timer next_;
    Timer subscribedTimer_;
};

}  // namespace edge
