// SPDX-License-Identifier: MIT
#include "mqtt/session/server_list.hpp"

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

    ServerList::Step fail(Kind kind, int code = -1, Stage stage = Stage::kConnect) {
        const ServerList::Step step = list.failed(stage, {kind, code, "failed"}, now, clock);
        now += step.wait;
        return step;
    }
    /// The broker closes the connection when it gets a CONNECT, or SUBSCRIBE.
    ServerList::Step close(Stage stage = Stage::kConnect) {
        return fail(stage == Stage::kConnect ? Kind::kClosedOnConnect : Kind::kNetwork, -1, stage);
    }
    ServerList::Step connectAndLose(milliseconds lasted, Kind kind = Kind::kNetwork, Unproven unproven = {},
                                    int code = -1) {
        list.next(now);
        list.online(list.limits(), now);
        now += lasted;
        const ServerList::Step step = list.lost({kind, code, "lost"}, unproven, now, clock);
        now += step.wait;
        return step;
    }
    [[nodiscard]] std::string host() { return list.next(now).address.host; }
    [[nodiscard]] int version() { return limits().protocolVersion; }
    [[nodiscard]] BrokerLimits limits() { return list.next(now).limits; }

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

    EXPECT_EQ(f.connectAndLose(seconds{15}).wait.count(), 1000);
    EXPECT_EQ(f.connectAndLose(seconds{15}).wait.count(), 2000);
    EXPECT_EQ(f.connectAndLose(seconds{15}).wait.count(), 4000);
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
        f.now += kLimitsLifetime;
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
    EXPECT_FALSE(f.limits().willRetain);
    EXPECT_TRUE(f.fail(Kind::kServer, 0x9B).isAdapted);
    EXPECT_EQ(f.limits().publishQos, Qos::kAtMostOnce);
    EXPECT_FALSE(f.fail(Kind::kServer, 0x9A).isAdapted) << "a broker that refuses it all the same is left for a while";
    EXPECT_EQ(f.limits(), BrokerLimits{}) << "nothing was learnt";
}

TEST(ServerList, TriesTheWillInAFixedOrderWhereA311BrokerClosesTheConnection) {
    Fixture f(configWith(1));
    std::vector<BrokerLimits> tried;
    while (f.close().isAdapted) tried.push_back(f.limits());

    BrokerLimits older;
    older.protocolVersion = 4;
    BrokerLimits withoutRetain = older;
    withoutRetain.willRetain = false;
    BrokerLimits withoutQos = older;
    withoutQos.publishQos = Qos::kAtMostOnce;
    BrokerLimits withoutBoth = withoutRetain;
    withoutBoth.publishQos = Qos::kAtMostOnce;
    EXPECT_EQ(tried, (std::vector<BrokerLimits>{older, withoutRetain, withoutQos, withoutBoth}));
    EXPECT_EQ(f.limits(), BrokerLimits{}) << "and begins again with everything";
}

TEST(ServerList, DoesNotBlameAWillThatThereIsNot) {
    ServerList list(
        configWith(1), [] { return 0.5; }, false);
    const ConnectionFailure closed{Kind::kClosedOnConnect, -1, "closed"};

    EXPECT_TRUE(list.failed(Stage::kConnect, closed, kStart, ClockState::kSynchronised).isAdapted);
    EXPECT_FALSE(list.failed(Stage::kConnect, closed, kStart, ClockState::kSynchronised).isAdapted);
}

TEST(ServerList, KeepsWhatWorked) {
    Fixture f(configWith(1));
    f.close();
    f.close();
    const BrokerLimits found = f.limits();
    f.connectAndLose(std::chrono::hours{1});

    EXPECT_EQ(f.limits(), found);
    f.fail(Kind::kNetwork);
    EXPECT_EQ(f.limits(), found) << "a broker that is away has not changed";
}

TEST(ServerList, ForgetsAfterADayWhatItConcludedButNotThePacketSize) {
    Fixture f(configWith(1));
    f.close();
    f.close();
    f.list.packetRefused(100'000);
    f.connectAndLose(kLimitsLifetime);

    BrokerLimits expected;
    expected.packetSize = 50'000;
    EXPECT_EQ(f.limits(), expected);
}

TEST(ServerList, LowersTheSubscriptionAndNotTheWill) {
    for (const int code : {-1, 0x80, 0x82, 0x9B}) {
        Fixture f(configWith(1));
        const Kind kind = code < 0 ? Kind::kNetwork : Kind::kServer;
        EXPECT_TRUE(f.fail(kind, code, Stage::kSubscribe).isAdapted);
        BrokerLimits expected;
        expected.subscribeQos = Qos::kAtLeastOnce;
        EXPECT_EQ(f.limits(), expected);
        EXPECT_TRUE(f.fail(kind, code, Stage::kSubscribe).isAdapted);
        expected.subscribeQos = Qos::kAtMostOnce;
        EXPECT_EQ(f.limits(), expected);

        EXPECT_FALSE(f.fail(kind, code, Stage::kSubscribe).isAdapted);
        EXPECT_EQ(f.limits(), BrokerLimits{});
    }
}

TEST(ServerList, DoesNotBlameTheSubscriptionForAnotherReason) {
    for (const auto& [kind, code] :
         {std::pair{Kind::kTakenOver, 0x8E}, {Kind::kNetwork, 0x8B}, {Kind::kServer, 0x97}}) {
        Fixture f(configWith(1));
        EXPECT_FALSE(f.fail(kind, code, Stage::kSubscribe).isAdapted) << code;
    }
}

TEST(ServerList, TriesAShorterKeepAliveOnceWhereA311BrokerRefusesTheId) {
    MqttConfig config = configWith(1);
    config.protocol = Protocol::kV311;
    Fixture f(config);

    EXPECT_TRUE(f.fail(Kind::kServer, 2).isAdapted);
    EXPECT_EQ(f.list.next(f.now).keepAlive, kShortKeepAlive);
    EXPECT_FALSE(f.fail(Kind::kServer, 2).isAdapted);
    EXPECT_EQ(f.list.next(f.now).keepAlive, config.keepAlive);

    config.keepAlive = seconds{5};
    Fixture brief(config);
    EXPECT_FALSE(brief.fail(Kind::kServer, 2).isAdapted);
}

TEST(ServerList, LeavesOutWhatAnMqtt5BrokerNamesWhenItEndsTheConnection) {
    Fixture f(configWith(1));
    EXPECT_TRUE(f.connectAndLose(seconds{1}, Kind::kServer, {}, 0x9A).isAdapted);
    EXPECT_FALSE(f.limits().retain);
    EXPECT_FALSE(f.limits().willRetain);
    EXPECT_TRUE(f.connectAndLose(seconds{1}, Kind::kServer, {.qos = Qos::kExactlyOnce}, 0x9B).isAdapted);
    EXPECT_EQ(f.limits().publishQos, Qos::kAtLeastOnce);
    f.connectAndLose(std::chrono::hours{1});

    EXPECT_FALSE(f.limits().retain);
    EXPECT_EQ(f.limits().publishQos, Qos::kAtLeastOnce);
}

TEST(ServerList, TriesPublicationsInAFixedOrderWhereA311BrokerClosesTheConnection) {
    MqttConfig config = configWith(1);
    config.protocol = Protocol::kV311;
    Fixture f(config);
    const BrokerLimits all = f.limits();
    const Unproven unproven{.retained = true, .qos = Qos::kAtLeastOnce};
    std::vector<BrokerLimits> tried;
    for (int i = 0; i < 4; ++i) {
        EXPECT_TRUE(f.connectAndLose(milliseconds{10}, Kind::kNetwork, unproven).isAdapted);
        tried.push_back(f.limits());
    }

    BrokerLimits withoutRetain = all;
    withoutRetain.retain = withoutRetain.willRetain = false;
    BrokerLimits withoutQos = all;
    withoutQos.publishQos = Qos::kAtMostOnce;
    BrokerLimits withoutBoth = withoutRetain;
    withoutBoth.publishQos = Qos::kAtMostOnce;
    EXPECT_EQ(tried, (std::vector<BrokerLimits>{all, withoutRetain, withoutQos, withoutBoth}));
    EXPECT_FALSE(f.connectAndLose(milliseconds{10}).isAdapted);
    EXPECT_EQ(f.limits(), all) << "nothing was learnt";
}

TEST(ServerList, LearnsNothingFromALinkThatBreaksOnce) {
    MqttConfig config = configWith(1);
    config.protocol = Protocol::kV311;
    Fixture f(config);
    const BrokerLimits all = f.limits();
    const Unproven unproven{.retained = true, .qos = Qos::kAtLeastOnce};
    for (int i = 0; i < 5; ++i) {
        f.connectAndLose(milliseconds{10}, Kind::kNetwork, unproven);
        f.connectAndLose(milliseconds{10}, Kind::kNetwork, {.hasAcknowledged = true});
    }

    EXPECT_EQ(f.limits(), all);
}

TEST(ServerList, DoesNotGuessAboutPublicationsWithMqtt5) {
    Fixture f(configWith(1));

    EXPECT_FALSE(f.connectAndLose(seconds{1}, Kind::kNetwork, {.retained = true, .qos = Qos::kAtLeastOnce}).isAdapted);
}

TEST(ServerList, SuspectsAnotherClientWithTheSameIdAfterSeveralShortConnections) {
    Fixture f(configWith(2));
    const Unproven worked{.hasAcknowledged = true};
    EXPECT_LT(f.connectAndLose(seconds{3}, Kind::kNetwork, worked).wait, seconds{10});
    EXPECT_LT(f.connectAndLose(seconds{3}, Kind::kNetwork, worked).wait, seconds{10});

    const ServerList::Step step = f.connectAndLose(seconds{3}, Kind::kNetwork, worked);

    EXPECT_EQ(step.wait, kTakenOverPause) << "on every server: it is the id";
    EXPECT_NE(step.message.find("device.id"), std::string::npos);
    EXPECT_EQ(f.connectAndLose(seconds{3}, Kind::kNetwork, worked).wait, kTakenOverPause) << "still";
    f.connectAndLose(std::chrono::hours{1});
    EXPECT_LT(f.connectAndLose(seconds{3}, Kind::kNetwork, worked).wait, seconds{10});
}

TEST(ServerList, WaitsNoLongerOnASuspicionThanTheLongestConfiguredPause) {
    MqttConfig config = configWith(1);
    config.reconnectMax = seconds{5};
    Fixture f(config);
    ServerList::Step step;
    for (int i = 0; i < kManyShortConnections; ++i) step = f.connectAndLose(seconds{3});

    EXPECT_EQ(step.wait, seconds{5});
}

TEST(ServerList, SuspectsNoOtherClientWhereAPacketWasTooLarge) {
    Fixture f(configWith(1));
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(f.connectAndLose(seconds{1}, Kind::kNetwork, {.isPacketTooLarge = true}).message, "lost");
    }
}

TEST(ServerList, LearnsAShorterKeepAliveOnce) {
    Fixture f(configWith(1));

    EXPECT_FALSE(f.list.learnKeepAlive(seconds{0}));
    EXPECT_FALSE(f.list.learnKeepAlive(seconds{60}));
    EXPECT_TRUE(f.list.learnKeepAlive(seconds{10}));
    EXPECT_FALSE(f.list.learnKeepAlive(seconds{10}));
    EXPECT_EQ(f.list.next(f.now).keepAlive, seconds{10});
}

TEST(ServerList, HalvesThePacketSizeWithEveryRefusalButNotBelowWhatWasTaken) {
    Fixture f(configWith(1));
    EXPECT_EQ(f.limits().packetSize, BrokerLimits::kAnyPacketSize);
    EXPECT_TRUE(f.list.packetRefused(400'000));
    EXPECT_EQ(f.limits().packetSize, 200'000u);
    f.list.packetTaken(150'000);
    EXPECT_TRUE(f.list.packetRefused(190'000));
    EXPECT_EQ(f.limits().packetSize, 150'000u);
    EXPECT_FALSE(f.list.packetRefused(150'000)) << "it was taken before";
    EXPECT_FALSE(f.list.packetRefused(400'000)) << "known";
    EXPECT_EQ(f.limits().packetSize, 150'000u);
}

TEST(ServerList, DoesNotBlameTheSizeOfASmallPacket) {
    Fixture f(configWith(1));
    EXPECT_FALSE(f.list.packetRefused(4'096));
    EXPECT_TRUE(f.list.packetRefused(5'000));
    EXPECT_EQ(f.limits().packetSize, 4'096u);
}

TEST(ServerList, RemembersTheLimitsOfEachServer) {
    Fixture f(configWith(2));
    f.close(Stage::kSubscribe);
    f.list.packetRefused(100'000);
    f.connectAndLose(std::chrono::minutes{1});

    EXPECT_EQ(f.host(), "b");
    EXPECT_EQ(f.limits(), BrokerLimits{});
    f.connectAndLose(std::chrono::minutes{1});
    EXPECT_EQ(f.limits().subscribeQos, Qos::kAtLeastOnce);
    EXPECT_EQ(f.limits().packetSize, 50'000u);
}

TEST(ServerList, CallsLimitsNewsOnce) {
    Fixture f(configWith(1));
    BrokerLimits limits;
    EXPECT_FALSE(f.list.online(limits, f.now));
    limits.retain = false;
    EXPECT_TRUE(f.list.online(limits, f.now));
    EXPECT_FALSE(f.list.online(limits, f.now));
    limits.packetSize = 10'000;
    EXPECT_FALSE(f.list.online(limits, f.now)) << "told when it is learnt";
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
