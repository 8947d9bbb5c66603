// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "core/clock.hpp"
#include "core/random.hpp"
#include "mqtt/mqtt_client.hpp"

namespace edge {

/// How long a connection must have held for the next trouble to count as the first again.
inline constexpr seconds kLasted{30};
/// After another client took our id over: at once back would be a fight that nobody wins.
inline constexpr seconds kTakenOverPause{60};
/// A refused login is not tried again sooner: a broker may ban who insists.
inline constexpr seconds kMinLoginPause{30};
/// While our clock is wrong and a certificate seems to be from the future: the time comes soon.
inline constexpr seconds kClockPause{5};
/// How long a broker that had to be spoken to in 3.1.1 is not offered MQTT 5 again: brokers get updated, rarely.
inline constexpr std::chrono::hours kProtocolMemory{24};

/// Which server is tried when, and how: the configured ones in turn, at once after a failure, with a back-off after
/// each whole round; what was learnt about each (its MQTT version, its keep-alive, what it allows for the will). No
/// I/O, no timers.
class ServerList {
  public:
    ServerList(const MqttConfig& config, RandomSource random);

    struct Plan {
        ServerAddress address;
        int protocolVersion = 5;
        milliseconds keepAlive{0};
        Qos maximumWillQos = Qos::kExactlyOnce;
        bool mayRetainWill = true;
    };
    /// How to connect now.
    [[nodiscard]] Plan next(SteadyTime now) const;

    struct Step {
        milliseconds wait{0};    ///< before the following attempt
        bool isAdapted = false;  ///< the same server again, spoken to as it wants: no reason to worry anybody
        bool isNews = false;     ///< not what this server failed with the last time: worth a line in the log
    };
    /// The attempt at next() failed.
    Step failed(const ConnectionFailure& failure, SteadyTime now, ClockState clock);
    /// The attempt at next() succeeded.
    void connected(SteadyTime now);
    /// The connection that connected() reported ended.
    Step lost(const ConnectionFailure& failure, SteadyTime now, ClockState clock);

    /// The broker wants to hear of us at least this often. True when that is news: the connection has to be made again
    /// with it.
    bool learnKeepAlive(milliseconds interval);

  private:
    struct Server {
        ServerAddress address;
        milliseconds keepAlive{0};
        SteadyTime notBefore{};
        SteadyTime speaksV311Until{};
        bool tryV311Next = false;
        Qos maximumWillQos = Qos::kExactlyOnce;
        bool mayRetainWill = true;
        std::string lastFailure;
    };

    [[nodiscard]] int protocolVersion(const Server& server, SteadyTime now) const;
    bool adapt(Server& server, const ConnectionFailure& failure, SteadyTime now);
    Step moveOn(const ConnectionFailure& failure, SteadyTime now, ClockState clock);
    milliseconds pauseAfter(const ConnectionFailure& failure, SteadyTime now, ClockState clock);
    [[nodiscard]] milliseconds jittered(milliseconds delay) const;

    std::vector<Server> servers_;
    Protocol protocol_;
    milliseconds reconnectMin_;
    milliseconds reconnectMax_;
    RandomSource random_;
    std::size_t current_ = 0;
    std::size_t failedInRound_ = 0;
    milliseconds backOff_;
    SteadyTime connectedAt_{};
};

}  // namespace edge
