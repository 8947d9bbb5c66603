// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "core/identity.hpp"
#include "core/loop.hpp"
#include "core/random.hpp"
#include "journal/journal.hpp"
#include "mqtt/publisher.hpp"
#include "services/discovery_payload.hpp"

namespace edge {

/// Announces the device to Home Assistant, and takes back what an earlier configuration announced: a sensor that is
/// gone, an id that changed, everything when it is disabled. What may stand at the broker is kept in the journal.
/// Thread: the loop's.
class Discovery {
  public:
    /// Home Assistant asks for a random delay, lest all devices speak at once when it has started.
    static constexpr milliseconds kLongestBirthDelay{5000};

    Discovery(Loop& loop, Publisher& publisher, Journal& journal, const Config& config, Identity identity,
              RandomSource random);

    /// The topic to subscribe to; nullopt while disabled.
    [[nodiscard]] static std::optional<std::string> subscription(const Config& config);

    /// `topics`, and subscription() where there is one.
    [[nodiscard]] static std::vector<std::string> withSubscription(std::vector<std::string> topics,
                                                                   const Config& config);

    /// What the last run left at the broker.
    void restore(const JournalSnapshot& snapshot);
    void onConnected();
    void onDisconnected();
    /// A message on subscription(): "online" has the device announced again.
    void handleBirth(const std::string& payload);
    /// How often readings are published now; nullopt while they are not.
    void setInterval(std::optional<milliseconds> interval);

  private:
    /// What may stand at the broker.
    struct Announced {
        std::string topic;  ///< "" = nothing
        DiscoveredComponents components;

        bool operator==(const Announced&) const = default;
    };

    static Announced parse(const std::string& text);
    static std::string format(const Announced& announced);

    void announce();
    void withdraw();
    void publish(const std::string& topic, std::string payload, DeliveryHandler done);
    void remember(Announced announced);

    Loop& loop_;
    Publisher& publisher_;
    Journal& journal_;
    Config config_;
    Identity identity_;
    RandomSource random_;
    std::optional<milliseconds> interval_;
    Announced announced_;
    Timer birth_;
    std::shared_ptr<int> lifetime_ = std::make_shared<int>(0);
};

}  // namespace edge
