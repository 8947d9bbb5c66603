// SPDX-License-Identifier: MIT
#include "mqtt/server_list.hpp"

#include <gtest/gtest.h>

namespace edge {
namespace {

using Kind = ConnectionFailure::Kind;

constexpr SteadyTime kStart{std::chrono::hours{1}};

MqttConfig configWith(std::size_t servers) {
    MqttConfig config;
    config.servers.clear();
    for (std::size_t i = 0; i < servers; ++i) {
        config.servers.push_back({Scheme::kMqtt, std::string(1, static_cast<char>('a' + i)), 1883, ""});
    }
    return config;
}

/// A list with a clock; jitter is in the middle unless the test says otherwise.
struct Fixture {
    explicit Fixture(const MqttConfig& config) : list(config, [this] { return random; }) {}

    ServerList::Step fail(Kind kind, int code = -1) {
        const ServerList::Step step = list.failed({kind, code, "failed"}, now, clock);
        now += step.wait;
        return step;
    }
    ServerList::Step connectAndLose(milliseconds lasted, Kind kind = Kind::kNetwork) {
        list.connected(now);
        now += lasted;
        const ServerList::Step step = list.lost({kind, -1, "lost"}, now, clock);
        now += step.wait;
        return step;
    }
    [[nodiscard]] std::string host() const { return list.next(now).address.host; }
    [[nodiscard]] int version() const { return list.next(now).protocolVersion; }

    double random = 0.5;
    SteadyTime now = kStart;
    ClockState clock = ClockState::kSynchronised;
    ServerList list;
};

TEST(ServerList, DoublesTheBackOffUpToTheMaximum) {
    Fixture f(configWith(1));

    std::vector<milliseconds::rep> waits;
    waits.reserve(8);
    for (int i = 0; i < 8; ++i) waits.push_back(f.fail(Kind::kNetwork).wait.count());

    EXPECT_EQ(waits, (std::vector<milliseconds::rep>{1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000}));
}

TEST(ServerList, JittersByAFifth) {
    Fixture low(configWith(1));
    low.random = 0.0;
    EXPECT_EQ(low.fail(Kind::kNetwork).wait, milliseconds{800});

    Fixture high(configWith(1));
    high.random = 0.999999;
    EXPECT_NEAR(static_cast<double>(high.fail(Kind::kNetwork).wait.count()), 1200.0, 1.0);
}

TEST(ServerList, TriesTheNextServerAtOnceAndWaitsAfterARound) {
    Fixture f(configWith(3));

    EXPECT_EQ(f.host(), "a");
    EXPECT_EQ(f.fail(Kind::kNetwork).wait.count(), 0);
    EXPECT_EQ(f.host(), "b");
    EXPECT_EQ(f.fail(Kind::kNetwork).wait.count(), 0);
    EXPECT_EQ(f.host(), "c");
    EXPECT_EQ(f.fail(Kind::kNetwork).wait.count(), 1000);
    EXPECT_EQ(f.host(), "a");
}

TEST(ServerList, BeginsAnewAfterAConnectionThatLasted) {
    Fixture f(configWith(1));
    for (int i = 0; i < 5; ++i) f.fail(Kind::kNetwork);

    EXPECT_EQ(f.connectAndLose(kLasted).wait.count(), 1000);
}

TEST(ServerList, KeepsBackingOffWhenConnectionsDoNotLast) {
    Fixture f(configWith(1));

    EXPECT_EQ(f.connectAndLose(seconds{5}).wait.count(), 1000);
    EXPECT_EQ(f.connectAndLose(seconds{5}).wait.count(), 2000);
    EXPECT_EQ(f.connectAndLose(seconds{5}).wait.count(), 4000);
}

TEST(ServerList, GoesToTheNextServerAtOnceWhenAConnectionIsLost) {
    Fixture f(configWith(2));

    EXPECT_EQ(f.connectAndLose(std::chrono::hours{1}).wait.count(), 0);
    EXPECT_EQ(f.host(), "b");
}

TEST(ServerList, TriesARefusedLoginRarelyFromTheStart) {
    Fixture f(configWith(1));
    EXPECT_EQ(f.fail(Kind::kRefusedLogin).wait, seconds{60});

    MqttConfig hasty = configWith(1);
    hasty.reconnectMax = seconds{5};
    Fixture g(hasty);
    EXPECT_EQ(g.fail(Kind::kRefusedLogin).wait, kMinLoginPause);
}

TEST(ServerList, LeavesARefusingServerOutWhileTheOtherIsTried) {
    Fixture f(configWith(2));
    f.fail(Kind::kRefusedLogin);

    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(f.host(), "b") << i;
        f.fail(Kind::kNetwork);
    }
}

TEST(ServerList, WaitsAMinuteWhenTakenOverOnAllServers) {
    Fixture f(configWith(2));

    EXPECT_EQ(f.connectAndLose(std::chrono::hours{1}, Kind::kTakenOver).wait, kTakenOverPause);
}

TEST(ServerList, RetriesSoonWhileTheClockIsWrong) {
    Fixture f(configWith(1));
    f.clock = ClockState::kUnsynchronised;

    for (int i = 0; i < 10; ++i) EXPECT_LE(f.fail(Kind::kTlsNotYetValid).wait, kClockPause);
}

TEST(ServerList, BacksOffFromACertificateOfTheFutureWhenTheClockIsRight) {
    Fixture f(configWith(1));
    for (int i = 0; i < 9; ++i) f.fail(Kind::kTlsNotYetValid);

    EXPECT_EQ(f.fail(Kind::kTlsNotYetValid).wait, seconds{60});
}

TEST(ServerList, FallsBackTo311AtOnceAndRemembersIt) {
    for (const Kind kind : {Kind::kProtocolUnsupported, Kind::kClosedOnConnect}) {
        Fixture f(configWith(1));
        EXPECT_EQ(f.version(), 5);

        const ServerList::Step step = f.fail(kind);
        EXPECT_TRUE(step.isAdapted);
        EXPECT_EQ(step.wait.count(), 0);
        EXPECT_EQ(f.version(), 4);

        f.connectAndLose(std::chrono::hours{1});
        EXPECT_EQ(f.version(), 4);
        f.now += kProtocolMemory;
        EXPECT_EQ(f.version(), 5);
    }
}

TEST(ServerList, OffersMqtt5AgainWhen311FailedToo) {
    Fixture f(configWith(1));
    f.fail(Kind::kClosedOnConnect);

    EXPECT_FALSE(f.fail(Kind::kNetwork).isAdapted);
    EXPECT_EQ(f.version(), 5);
}

TEST(ServerList, RemembersTheVersionPerServer) {
    Fixture f(configWith(2));
    f.fail(Kind::kProtocolUnsupported);
    f.connectAndLose(std::chrono::hours{1});

    EXPECT_EQ(f.host(), "b");
    EXPECT_EQ(f.version(), 5);
    f.connectAndLose(std::chrono::hours{1});
    EXPECT_EQ(f.host(), "a");
    EXPECT_EQ(f.version(), 4);
}

TEST(ServerList, SticksToAConfiguredVersion) {
    MqttConfig config = configWith(1);
    config.protocol = Protocol::kV5;
    Fixture five(config);
    EXPECT_FALSE(five.fail(Kind::kProtocolUnsupported).isAdapted);
    EXPECT_EQ(five.version(), 5);

    config.protocol = Protocol::kV311;
    Fixture four(config);
    EXPECT_EQ(four.version(), 4);
}

TEST(ServerList, LowersTheWillForABrokerThatRefusesIt) {
    Fixture f(configWith(1));

    EXPECT_TRUE(f.fail(Kind::kServer, 0x9A).isAdapted);
    EXPECT_FALSE(f.list.next(f.now).mayRetainWill);
    EXPECT_TRUE(f.fail(Kind::kServer, 0x9B).isAdapted);
    EXPECT_EQ(f.list.next(f.now).maximumWillQos, Qos::kAtMostOnce);
    EXPECT_FALSE(f.fail(Kind::kServer, 0x9A).isAdapted) << "a broker that refuses it all the same is left for a while";
}

TEST(ServerList, LearnsAShorterKeepAliveOnce) {
    Fixture f(configWith(1));

    EXPECT_FALSE(f.list.learnKeepAlive(seconds{0}));
    EXPECT_FALSE(f.list.learnKeepAlive(seconds{60}));
    EXPECT_TRUE(f.list.learnKeepAlive(seconds{10}));
    EXPECT_FALSE(f.list.learnKeepAlive(seconds{10}));
    EXPECT_EQ(f.list.next(f.now).keepAlive, seconds{10});
}

TEST(ServerList, CallsAFailureNewsOnceForEachServer) {
    Fixture f(configWith(2));

    EXPECT_TRUE(f.fail(Kind::kNetwork).isNews);
    EXPECT_TRUE(f.fail(Kind::kNetwork).isNews);
    EXPECT_FALSE(f.fail(Kind::kNetwork).isNews);
    EXPECT_FALSE(f.fail(Kind::kNetwork).isNews);
    f.connectAndLose(seconds{1});
    f.fail(Kind::kNetwork);
    EXPECT_TRUE(f.fail(Kind::kNetwork).isNews) << "it had connected meanwhile";
}

}  // namespace
}  // namespace edge
