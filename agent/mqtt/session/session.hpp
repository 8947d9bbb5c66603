// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/loop/loop.hpp"
#include "mqtt/mqtt_client.hpp"
#include "mqtt/net/resolver.hpp"
#include "mqtt/publisher.hpp"
#include "mqtt/session/server_list.hpp"
#include "mqtt/settings.hpp"

namespace edge {

/// For health.
struct SessionHealth {
    bool connected = false;
    std::uint64_t connects = 0;          ///< connections made since start
    std::uint64_t failures = 0;          ///< attempts that failed since start
    std::string lastFailure;             ///< the sentence of the last one; "" = none
    std::set<std::string> deniedTopics;  ///< refused by the broker's ACL in this session
    std::size_t waiting = 0;             ///< publications that wait for the window
    std::uint64_t droppedReplies = 0;
    std::vector<std::string> warnings;  ///< connectionWarnings()
};

/// Whom a session connects to, and as whom.
struct SessionSettings {
    MqttConfig mqtt;
    std::string clientId;
    std::string password;
    Publication will;  ///< the last will; none where its topic is ""
    /// Made on every connection, at QoS 2 or the highest that the broker grants; each refused one is reported once.
    std::vector<std::string> subscriptions;
};

/// Keeps a connection to one of the configured brokers, for ever: resolves names on its own strand, tries servers in
/// turn, MQTT 5 first and 3.1.1 where that is refused, with a fresh MqttClient each time, backs off with jitter, and
/// subscribes on every connection before anybody hears of it. What a broker does not support is left out (ServerList).
/// Holds the send window and the queue by priority. Thread:
/// the loop's.
class MqttSession : public Publisher {
  public:
    struct Handlers {
        std::function<void(const ConnectionInfo&)> connected;  ///< subscribed; publish away
        std::function<void()> disconnected;                    ///< after connected
        std::function<void(InboundMessage)> message;
        std::function<void()> healthChanged;  ///< something in health() that people look at changed
    };

    /// `random` gives numbers in [0, 1), for the jitter.
    MqttSession(Loop& loop, MqttClientFactory makeClient, Resolver& resolver, SessionSettings settings,
                Handlers handlers, RandomSource random = {});
    ~MqttSession() override;

    /// `away` is how long nobody has been connected with this client id, as far as the last run's records tell: beyond
    /// session_expiry a 3.1.1 broker, which cannot be told of one, has its old session discarded first.
    void start(std::optional<milliseconds> away = std::nullopt);
    /// Ends the connection as stop() does, with its own will as the last word, and makes one by the new settings.
    /// `disconnected` is called at once where there was one. Replies that could not be sent by then go over the next.
    void reconnect(SessionSettings settings, milliseconds limit);
    /// Other subscriptions on the same connection. What arrives on a topic that is not subscribed to (any more) is
    /// dropped: a broker that keeps the session keeps its subscriptions, too.
    void subscribe(std::vector<std::string> subscriptions);
    /// Sends `last` (the offline status), waits for what is under way, disconnects cleanly; `done` at the latest after
    /// `limit`. Nothing is delivered afterwards.
    void stop(std::vector<Publication> last, milliseconds limit, Task done);

    [[nodiscard]] const ConnectionInfo* connection() const override;
    using Publisher::publish;
    void publish(std::shared_ptr<const Publication> publication, Priority priority, DeliveryHandler done) override;
    [[nodiscard]] std::size_t maxPayload(const std::string& topic) const override;

    [[nodiscard]] const SessionHealth& health() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace edge
