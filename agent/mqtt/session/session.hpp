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
#include "core/loop/scope.hpp"
#include "core/system/random.hpp"
#include "mqtt/mqtt_client.hpp"
#include "mqtt/net/resolver.hpp"
#include "mqtt/publisher.hpp"
#include "mqtt/session/sender.hpp"
#include "mqtt/session/server_list.hpp"
#include "mqtt/settings.hpp"

namespace edge {

/// For health.
struct SessionHealth {
    bool connected = false;
    std::uint64_t connects = 0;          ///< connections made since start
    std::uint64_t failures = 0;          ///< attempts that failed since start
    std::string lastFailure;             ///< the message of the last one; "" = none, or a connection since
    bool isLoginRefused = false;         ///< the last one was that
    std::set<std::string> deniedTopics;  ///< refused by the broker's ACL in this session
    std::size_t waiting = 0;             ///< publications that wait for the window
    std::uint64_t droppedReplies = 0;
    std::vector<std::string> warnings;  ///< connectionWarnings()
};

/// Which brokers a session connects to, and as which client.
struct SessionSettings {
    MqttConfig mqtt;
    std::string clientId;
    std::string password;
    Publication will;  ///< the last will; none where its topic is ""
    /// Made on every connection, at QoS 2 or the highest that the broker grants; each refused one is reported once.
    std::vector<std::string> subscriptions;
    /// Of what is longer only the beginning is received; 0 = no limit, for a client that receives pictures.
    std::uint32_t maximumPacketSize = kMaximumPacketSize;
};

/// Keeps a connection to one of the configured brokers: tries servers and the addresses of their names in turn, with a
/// fresh MqttClient each time, backs off with jitter, and subscribes on every connection before it is announced. What a
/// broker does not support is left out (ServerList). What is published goes through its Sender. Thread: the loop's.
class MqttSession : public Publisher {
  public:
    struct Handlers {
        std::function<void(const ConnectionInfo&)> connected;  ///< and subscribed
        std::function<void()> disconnected;                    ///< after connected
        std::function<void(InboundMessage)> message;
        std::function<void()> healthChanged;  ///< something in health() other than a counter
    };

    /// `random` gives numbers in [0, 1), for the jitter.
    MqttSession(Loop& loop, MqttClientFactory makeClient, Resolver& resolver, SessionSettings settings,
                Handlers handlers, RandomSource random = {});

    /// `away` is how long no connection with this client id has existed, as far as the last run's records tell: beyond
    /// session_expiry, which MQTT 3.1.1 cannot announce, a 3.1.1 broker has its old session discarded first.
    void start(std::optional<milliseconds> away = std::nullopt);
    /// Ends the connection as stop() does, with its own will as the last message, and connects with the new settings.
    /// `disconnected` is called at once where there was a connection. Replies that were not sent by then are sent over
    /// the next one.
    void reconnect(SessionSettings settings, milliseconds limit);
    /// Other subscriptions on the same connection; `answered` is called once the broker has granted or refused all of
    /// them. Messages on topics that are not subscribed to (any more) are dropped: a broker that keeps the session
    /// keeps its subscriptions, too.
    void subscribe(std::vector<std::string> subscriptions, Task answered = {});
    /// Sends `last` (the offline status), waits for what is in flight, disconnects cleanly; `done` at the latest after
    /// `limit`. No message is delivered afterwards.
    void stop(std::vector<Publication> last, milliseconds limit, Task done);

    [[nodiscard]] const ConnectionInfo* connection() const override;
    using Publisher::publish;
    void publish(std::shared_ptr<const Publication> publication, Priority priority, DeliveryHandler done) override;
    [[nodiscard]] std::size_t maxPayload(const std::string& topic) const override;
    [[nodiscard]] std::size_t outstandingBytes() const override { return sender_.outstandingBytes(); }

    [[nodiscard]] SessionHealth health() const;

  private:
    enum class State {
        kStopped,
        kConnecting,
        kLeaving,  ///< disconnecting to connect once more: with another keep-alive, or after discarding a session
        kSubscribing,
        kConnected,
        kWaiting,        ///< for the next attempt
        kFinishing,      ///< of stop() and reconnect(): sending what remains
        kDisconnecting,  ///< of the same
    };

    void attempt();
    void resolved(const Result<std::vector<std::string>>& addresses);
    void tryNextAddress();
    void addressFailed(const ConnectionFailure& failure);
    void accepted(const ConnectionInfo& offered);
    void leave();
    void subscribeTo(const std::vector<std::string>& topics, Qos qos);
    void waitForSubscription(SteadyTime since);
    void subscribed(const std::vector<std::string>& topics, Qos qos, const std::vector<int>& codes);
    void subscribeToAdded();
    void announce();
    void arrived(InboundMessage message);
    void deliver(InboundMessage message);
    void failed(const ConnectionFailure& failure);
    void lost(const ConnectionFailure& failure);
    void report(const ServerList::Step& step, ConnectionFailure::Kind kind);
    void dropClient();
    void finishWith(std::vector<Publication> last, milliseconds limit);
    void disconnect();
    void finish();
    void useUpcomingSettings();
    void logWarnings() const;
    [[nodiscard]] bool keepsSession() const { return settings_.mqtt.sessionExpiry.count() > 0; }

    Loop& loop_;
    const MqttClientFactory makeClient_;
    Resolver& resolver_;
    SessionSettings settings_;
    const Handlers handlers_;
    const RandomSource random_;

    State state_ = State::kStopped;
    SessionHealth health_;  ///< the counters and the last failure; health() adds the rest
    ServerList servers_;
    Sender sender_;
    std::optional<SteadyTime> awaySince_;      ///< since when there has been no connection with our client id
    std::optional<SessionSettings> upcoming_;  ///< of reconnect()
    std::vector<Task> whenStopped_;
    Task whenSubscribed_;
    SteadyTime deadline_{};  ///< of the addresses to try, or of stop()
    Timer timer_;            ///< of the state: look-up, answer to SUBSCRIBE, next attempt, end of stop()

    // Of one attempt and its connection.
    ConnectOptions options_;
    std::vector<std::string> addresses_;  ///< not tried yet
    std::unique_ptr<MqttClient> client_;
    ConnectionInfo info_;
    bool isSubscribing_ = false;          ///< a SUBSCRIBE is not answered yet
    std::vector<std::string> requested_;  ///< the topics in SUBSCRIBEs so far
    std::vector<InboundMessage> early_;   ///< before the connection is announced
    std::size_t earlyBytes_ = 0;
    Scope lookUp_;
};

}  // namespace edge
