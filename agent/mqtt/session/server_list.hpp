// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/system/random.hpp"
#include "core/time/time.hpp"
#include "mqtt/mqtt_client.hpp"
#include "mqtt/session/broker_limits.hpp"
#include "mqtt/settings.hpp"

namespace edge {

/// How long a connection must have held for the next trouble to count as the first again.
inline constexpr seconds kLasted{30};
/// After another client took our id over: reconnecting at once would only take it back.
inline constexpr seconds kTakenOverPause{60};
/// This many connections in a row that end this soon after coming online look like another client with our id.
inline constexpr int kManyShortConnections = 3;
inline constexpr seconds kShortConnection{10};
/// A refused login is not tried again sooner: brokers may ban clients that reconnect too fast.
inline constexpr seconds kMinLoginPause{30};
/// While our clock is wrong and a certificate seems to be from the future: the time comes soon.
inline constexpr seconds kClockPause{5};
/// How long conclusions about a broker are trusted: brokers are updated, and a conclusion can be wrong. A connection
/// that begins later asks for everything again. The packet size is exempt: finding it out costs pictures.
inline constexpr std::chrono::hours kLimitsLifetime{24};
/// The keep-alive that is tried where the configured one may be too long: mosquitto's shortest max_keepalive.
inline constexpr seconds kShortKeepAlive{10};

/// How far a connection had come when it ended.
enum class Stage {
    kConnect,    ///< no CONNACK, or one with a refusal
    kSubscribe,  ///< accepted; the subscriptions were refused or not answered
    kOnline,     ///< subscribed
};

/// What was on its way to the broker when the connection ended, and of a kind that it has not acknowledged before.
struct Unproven {
    bool retained = false;          ///< a retained publication
    Qos qos = Qos::kAtMostOnce;     ///< the highest QoS of a publication
    bool isPacketTooLarge = false;  ///< a packet was too large, and the limit is lower now: nothing else is suspect
    bool hasAcknowledged = false;   ///< anything, on this connection

    [[nodiscard]] bool isAny() const { return retained || qos != Qos::kAtMostOnce; }
};

/// Which server is tried when, and how: the configured ones in turn, at once after a failure, with a back-off after
/// each whole round. Of each it keeps one record of the broker's limits, learnt from what it announces, refuses and
/// closes the connection on. Where a failure can be due to something that we asked for, the connection is tried again
/// at once without it, one alternative after the other, in this order:
///
/// | the connection ended | by | tried next |
/// |---|---|---|
/// | on CONNECT | version refused | MQTT 3.1.1 |
/// | on CONNECT | closed | 3.1.1; then, with 3.1.1: will not retained; will at QoS 0; both |
/// | on CONNECT | 0x9A, 0x9B | will not retained; will at QoS 0 |
/// | on CONNECT | 3.1.1 return code 2 | a keep-alive of 10 s |
/// | on SUBSCRIBE | closed, time-out, 0x9B, 0x80 to 0x83 | subscriptions at QoS 1; at QoS 0 |
/// | on PUBLISH | 0x9A, 0x9B | nothing retained; one QoS lower |
/// | on PUBLISH of a new kind | 3.1.1, closed | the same again; nothing retained; one QoS lower; both |
///
/// The first that works is kept. Where none does, nothing was learnt. No I/O, no timers.
class ServerList {
  public:
    /// `hasWill`: the connections have a last will, which brokers may object to.
    ServerList(const MqttConfig& config, RandomSource random, bool hasWill = true);

    struct Plan {
        ServerAddress address;
        BrokerLimits limits;
        milliseconds keepAlive{0};
    };
    /// How to connect now.
    Plan next(SteadyTime now);

    struct Step {
        milliseconds wait{0};    ///< before the following attempt
        bool isAdapted = false;  ///< the same server again, with less: not a failure
        bool isNews = false;     ///< not what this server failed with the last time: to be logged
        std::string message{};   ///< what happened
    };
    /// The attempt at next() failed, at kConnect or kSubscribe.
    Step failed(Stage stage, const ConnectionFailure& failure, SteadyTime now, ClockState clock);
    /// The attempt at next() succeeded: subscribed. `limits` are those in force, announced ones too. True when they
    /// differ from those of the last time: to be logged.
    bool online(const BrokerLimits& limits, SteadyTime now);
    /// The connection that online() reported ended.
    Step lost(const ConnectionFailure& failure, const Unproven& unproven, SteadyTime now, ClockState clock);

    /// The broker accepts a keep-alive of this at most. True when the connection has to be made again with it.
    bool learnKeepAlive(milliseconds longest);
    /// The broker grants no subscription above this.
    void learnSubscribeQos(Qos qos);
    /// A packet of this size was acknowledged.
    void packetTaken(std::size_t bytes);
    /// One of this size was refused, or the connection ended on it. The limit becomes half of it, unless that size was
    /// acknowledged before; true when the limit changed.
    bool packetRefused(std::size_t bytes);
    /// What is known of the server of now.
    [[nodiscard]] const BrokerLimits& limits() const { return servers_[current_].limits; }

  private:
    /// A search for what a failure is due to.
    struct Search {
        Stage stage = Stage::kConnect;
        ConnectionFailure::Kind kind = ConnectionFailure::Kind::kNetwork;
        int reasonCode = -1;
        BrokerLimits before;             ///< the last that worked, or those of the beginning
        std::vector<BrokerLimits> left;  ///< alternatives that have not been tried
    };
    struct Server {
        ServerAddress address;
        BrokerLimits limits;             ///< to connect with
        std::optional<Search> search{};  ///< `limits` are one of its alternatives
        SteadyTime trustedUntil = SteadyTime::max();
        BrokerLimits announced{};      ///< of the last online()
        std::size_t largestTaken = 0;  ///< packet
        SteadyTime notBefore{};
        std::string lastFailure{};
    };

    [[nodiscard]] std::vector<BrokerLimits> alternatives(const BrokerLimits& from, Stage stage,
                                                         const ConnectionFailure& failure,
                                                         const Unproven& unproven) const;
    bool adapt(Server& server, Stage stage, const ConnectionFailure& failure, const Unproven& unproven);
    void confirm(Server& server, SteadyTime now);
    Step moveOn(const ConnectionFailure& failure, SteadyTime now, ClockState clock);
    milliseconds pauseAfter(const ConnectionFailure& failure, SteadyTime now, ClockState clock);
    void pauseAll(milliseconds pause, SteadyTime now);
    [[nodiscard]] milliseconds jittered(milliseconds delay) const;

    std::vector<Server> servers_;
    Protocol protocol_;
    BrokerLimits everything_;  ///< no limits but the protocol's
    bool hasWill_;
    milliseconds keepAlive_;
    milliseconds reconnectMin_;
    milliseconds reconnectMax_;
    RandomSource random_;
    std::size_t current_ = 0;
    std::size_t failedInRound_ = 0;
    milliseconds backOff_;
    SteadyTime connectedAt_{};
    int shortConnections_ = 0;  ///< in a row
};

}  // namespace edge
