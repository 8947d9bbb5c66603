// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "session_fixture.hpp"

namespace edge {
namespace {

using Kind = ConnectionFailure::Kind;

MqttConfig twoServers() {
    MqttConfig config;
    config.servers = {{Scheme::kMqtt, "one", 1883, ""}, {Scheme::kMqtt, "two", 1884, ""}};
    return config;
}

TEST(SessionConnecting, AsksForEverythingThatTheContractSays) {
    MqttConfig config;
    config.username = "pi";
    SessionFixture f(config);
    f.start();

    const ConnectOptions& options = f.options();
    EXPECT_TRUE(f.broker.last().isConnecting);
    EXPECT_EQ(options.protocolVersion, 5);
    EXPECT_EQ(options.clientId, "pi-1");
    EXPECT_EQ(options.username, "pi");
    EXPECT_EQ(options.password, "secret");
    EXPECT_FALSE(options.cleanStart);
    EXPECT_EQ(options.sessionExpiry, std::chrono::hours{1});
    EXPECT_GE(options.maximumPacketSize, 65536u + 1024);
    EXPECT_EQ(options.keepAlive, seconds{20});
    ASSERT_TRUE(options.will);
    EXPECT_EQ(options.will->topic, "edge/pi-1/status");
    EXPECT_EQ(options.will->retain, Retain::kYes);
}

TEST(SessionConnecting, SubscribesBeforeAnybodyHearsOfTheConnection) {
    SessionFixture f;
    f.start();
    f.broker.last().accept();

    ASSERT_EQ(f.broker.last().subscriptions.size(), 1u);
    EXPECT_EQ(f.broker.last().subscriptions[0].topics, (std::vector<std::string>{"command", "edge/pi-1/command"}));
    EXPECT_EQ(f.broker.last().subscriptions[0].qos, Qos::kExactlyOnce);
    EXPECT_TRUE(f.connected.empty());
    EXPECT_EQ(f.session->connection(), nullptr);

    f.broker.last().grantAll();

    EXPECT_EQ(f.connected.size(), 1u);
    ASSERT_NE(f.session->connection(), nullptr);
    EXPECT_TRUE(f.session->health().connected);
    EXPECT_EQ(f.session->health().connects, 1u);
}

TEST(SessionConnecting, SubscribesAgainOnEveryConnection) {
    SessionFixture f;
    f.startConnected();
    f.broker.last().lose();
    f.loop.advance(seconds{1});
    f.acceptAll();

    EXPECT_EQ(f.attempts(), 2u);
    EXPECT_EQ(f.broker.last().subscriptions.size(), 1u);
    EXPECT_EQ(f.connected.size(), 2u);
    EXPECT_EQ(f.disconnects, 1);
}

TEST(SessionConnecting, HoldsMessagesBackUntilTheConnectionIsAnnounced) {
    SessionFixture f;
    f.start();
    f.broker.last().accept();
    f.broker.last().handlers.message({.topic = "command", .payload = "start"});
    EXPECT_TRUE(f.messages.empty());

    f.broker.last().grantAll();

    EXPECT_EQ(f.messages, std::vector<std::string>{"start"});
    EXPECT_EQ(f.connected.size(), 1u);
}

TEST(SessionConnecting, ShowsARefusedSubscriptionInHealthAndGoesOn) {
    SessionFixture f;
    f.start();
    f.broker.last().accept();
    f.broker.last().answerSubscription({0x87, 2});

    EXPECT_EQ(f.session->health().deniedTopics, std::set<std::string>{"command"});
    EXPECT_EQ(f.connected.size(), 1u);
    EXPECT_GE(f.healthChanges, 1);
}

TEST(SessionConnecting, TakesABrokerThatNeverAnswersAnySubscriptionForNone) {
    SessionFixture f;
    f.start();
    for (int qos = 2; qos >= 0; --qos) {
        f.broker.last().accept();
        f.loop.advance(milliseconds{9'999});
        f.loop.advance(milliseconds{1});
    }
    EXPECT_TRUE(f.broker.attempts[2]->isDestroyed);
    EXPECT_EQ(f.session->health().failures, 1u);
    EXPECT_EQ(f.attempts(), 3u);

    f.loop.advance(seconds{1});
    f.broker.last().accept();

    EXPECT_EQ(f.broker.last().subscriptions[0].qos, Qos::kExactlyOnce) << "nothing was learnt";
}

TEST(SessionConnecting, WaitsForTheSubscriptionWhileTheLineBringsSomethingLong) {
    SessionFixture f;
    f.start();
    f.broker.last().accept();
    f.loop.advance(seconds{9});
    f.broker.last().progress = f.loop.clock().now();
    f.loop.advance(milliseconds{9999});
    EXPECT_FALSE(f.broker.attempts[0]->isDestroyed);

    f.loop.advance(milliseconds{1});
    EXPECT_TRUE(f.broker.attempts[0]->isDestroyed);
}

TEST(SessionConnecting, TriesTheNextServerAtOnceAndWaitsAfterARound) {
    SessionFixture f(twoServers());
    f.start();
    EXPECT_EQ(f.options().server.host, "one");
    f.refuse(Kind::kNetwork);
    f.loop.advance(milliseconds{0});
    ASSERT_EQ(f.attempts(), 2u);
    EXPECT_EQ(f.options().server.host, "two");

    f.refuse(Kind::kNetwork);
    f.loop.advance(milliseconds{999});
    EXPECT_EQ(f.attempts(), 2u);
    f.loop.advance(milliseconds{1});
    EXPECT_EQ(f.attempts(), 3u);
    EXPECT_EQ(f.options().server.host, "one");
    EXPECT_EQ(f.session->health().failures, 2u);
    EXPECT_EQ(f.session->health().lastFailure, "refused");
}

TEST(SessionConnecting, FallsBackTo311AtOnceAndStaysThere) {
    SessionFixture f;
    f.start();
    f.refuse(Kind::kProtocolUnsupported);
    ASSERT_EQ(f.attempts(), 2u);
    EXPECT_EQ(f.options().protocolVersion, 4);
    EXPECT_EQ(f.session->health().failures, 0u) << "nothing failed";

    f.acceptAll();
    f.broker.last().lose();
    f.loop.advance(seconds{1});
    EXPECT_EQ(f.options().protocolVersion, 4);
}

TEST(SessionConnecting, FallsBackTo311WhenTheBrokerJustHangsUp) {
    SessionFixture f;
    f.start();
    f.refuse(Kind::kClosedOnConnect);

    EXPECT_EQ(f.options().protocolVersion, 4);
}

TEST(SessionConnecting, MovesOnFromADeadNameServerAfterHalfAMinute) {
    SessionFixture f(twoServers());
    f.resolver.silent["one"];
    f.start();
    EXPECT_EQ(f.attempts(), 0u);
    f.loop.advance(milliseconds{30'999});
    EXPECT_EQ(f.resolver.asked, std::vector<std::string>{"one"});

    f.loop.advance(milliseconds{1});

    ASSERT_EQ(f.attempts(), 1u);
    EXPECT_EQ(f.options().server.host, "two");
    EXPECT_NE(f.session->health().lastFailure.find("one"), std::string::npos);
}

TEST(SessionConnecting, IgnoresAnAnswerOfTheNameServerThatComesTooLate) {
    SessionFixture f(twoServers());
    f.resolver.silent["one"];
    f.start();
    f.loop.advance(seconds{31});
    f.acceptAll();

    for (const auto& done : f.resolver.silent["one"]) done(std::vector<std::string>{"192.0.2.1"});
    f.loop.runPending();

    EXPECT_EQ(f.attempts(), 1u);
    EXPECT_NE(f.session->connection(), nullptr);
}

TEST(SessionConnecting, GivesTheConnectionItsFullTimeAfterASlowLookUp) {
    SessionFixture f;
    f.resolver.silent["localhost"];
    f.start();
    f.loop.advance(seconds{29});
    f.resolver.silent["localhost"][0](std::vector<std::string>{"127.0.0.1"});

    EXPECT_EQ(f.options().connectTimeout, seconds{10});
}

TEST(SessionConnecting, TriesEveryAddressOfAName) {
    for (const Scheme scheme : {Scheme::kMqtt, Scheme::kMqtts, Scheme::kWs, Scheme::kWss}) {
        MqttConfig config;
        config.servers = {{scheme, "localhost", 1883, ""}};
        SessionFixture f(config);
        f.resolver.answers["localhost"] = std::vector<std::string>{"::1", "127.0.0.1"};
        f.start();
        EXPECT_EQ(f.options().resolvedAddress, "::1");
        EXPECT_EQ(f.options().connectTimeout, seconds{5});

        f.refuse(Kind::kNetwork);

        EXPECT_EQ(f.options().resolvedAddress, "127.0.0.1");
        f.refuse(Kind::kNetwork);
        EXPECT_EQ(f.attempts(), 2u);
        EXPECT_EQ(f.session->health().failures, 1u);
    }
}

TEST(SessionConnecting, DoesNotTryAnotherAddressOfABrokerThatAnswered) {
    SessionFixture f;
    f.resolver.answers["localhost"] = std::vector<std::string>{"::1", "127.0.0.1"};
    f.start();
    f.refuse(Kind::kRefusedLogin);

    f.loop.advance(seconds{29});

    EXPECT_EQ(f.attempts(), 1u);
}

TEST(SessionConnecting, ReportsANameThatIsNotThere) {
    SessionFixture f;
    f.resolver.answers.emplace("localhost", fail(Errc::kUnavailable, "cannot look up localhost"));
    f.start();

    EXPECT_EQ(f.attempts(), 0u);
    EXPECT_EQ(f.session->health().lastFailure, "cannot look up localhost");
    f.loop.advance(seconds{1});
    EXPECT_EQ(f.resolver.asked.size(), 2u);
}

TEST(SessionConnecting, WaitsAMinuteAfterAnotherClientTookTheId) {
    SessionFixture f;
    f.startConnected();
    f.broker.last().lose(Kind::kTakenOver, "another client has connected with our client id");
    f.loop.advance(milliseconds{59'999});
    EXPECT_EQ(f.attempts(), 1u);
    EXPECT_EQ(f.session->health().lastFailure, "another client has connected with our client id");

    f.loop.advance(milliseconds{1});
    EXPECT_EQ(f.attempts(), 2u);
}

TEST(SessionConnecting, RetriesSoonWhileTheClockIsWrong) {
    SessionFixture f;
    f.loop.manualClock().state = ClockState::kUnsynchronised;
    f.start();
    for (int i = 0; i < 5; ++i) {
        f.refuse(Kind::kTlsNotYetValid);
        f.loop.advance(seconds{5});
    }

    EXPECT_EQ(f.attempts(), 6u);
}

TEST(SessionConnecting, ReconnectsAtOnceWithTheKeepAliveThatTheBrokerWants) {
    SessionFixture f;
    f.start();
    ConnectionInfo info;
    info.limits.keepAlive = seconds{7};
    f.broker.last().accept(info);
    ASSERT_TRUE(f.broker.last().disconnectLimit);
    EXPECT_TRUE(f.connected.empty());
    const auto first = f.broker.attempts[0];
    first->disconnected();
    f.loop.runPending();

    ASSERT_EQ(f.attempts(), 2u);
    EXPECT_TRUE(first->isDestroyed);
    EXPECT_EQ(f.options().keepAlive, seconds{7});
    f.acceptAll(info);
    EXPECT_EQ(f.connected.size(), 1u);
}

TEST(SessionConnecting, RaisesHealthOncePerChangeOfReason) {
    SessionFixture f;
    f.start();
    f.refuse(Kind::kNetwork, "no route");
    EXPECT_EQ(f.healthChanges, 1);
    f.loop.advance(seconds{1});
    f.refuse(Kind::kNetwork, "no route");
    EXPECT_EQ(f.healthChanges, 1);
    f.loop.advance(seconds{2});
    f.refuse(Kind::kTls, "expired");
    EXPECT_EQ(f.healthChanges, 2);
}

TEST(SessionConnecting, DiscardsTheOldSessionOfA311BrokerAfterTooLongAway) {
    MqttConfig config;
    config.protocol = Protocol::kV311;
    SessionFixture f(config);
    f.startConnected();
    EXPECT_FALSE(f.options().cleanStart);
    f.broker.last().lose();
    for (int i = 0; i < 70; ++i) {
        f.loop.advance(seconds{60});
        if (f.broker.last().isConnecting && !f.broker.last().isDestroyed) f.refuse(Kind::kNetwork);
    }
    f.loop.advance(seconds{60});

    EXPECT_TRUE(f.options().cleanStart);
    f.broker.last().accept();
    EXPECT_TRUE(f.broker.last().subscriptions.empty());
    const auto discarding = f.broker.attempts.back();
    discarding->disconnected();
    f.loop.runPending();

    EXPECT_TRUE(discarding->isDestroyed);
    EXPECT_FALSE(f.options().cleanStart);
    f.acceptAll();
    EXPECT_EQ(f.connected.size(), 2u);
}

TEST(SessionConnecting, KeepsTheSessionOfA311BrokerWhenBackInTime) {
    MqttConfig config;
    config.protocol = Protocol::kV311;
    SessionFixture f(config);
    f.start(std::chrono::minutes{59});

    EXPECT_FALSE(f.options().cleanStart);
}

TEST(SessionConnecting, CountsTheTimeBeforeTheStartAsAway) {
    MqttConfig config;
    config.protocol = Protocol::kV311;
    SessionFixture f(config);
    f.start(std::chrono::minutes{61});

    EXPECT_TRUE(f.options().cleanStart);
}

TEST(SessionConnecting, LeavesTheExpiryToAnMqtt5Broker) {
    SessionFixture f;
    f.start(std::chrono::hours{48});

    EXPECT_FALSE(f.options().cleanStart);
}

TEST(SessionConnecting, SubscribesAtTheMaximumQosThatTheBrokerAnnounces) {
    SessionFixture f;
    f.start();
    ConnectionInfo info;
    info.limits.subscribeQos = info.limits.publishQos = Qos::kAtLeastOnce;
    f.broker.last().accept(info);

    EXPECT_EQ(f.broker.last().subscriptions[0].qos, Qos::kAtLeastOnce);
}

TEST(SessionConnecting, SubscribesAtALowerQosWhereTheBrokerDoesNotAnswer) {
    SessionFixture f;
    f.start();
    f.broker.last().accept();
    f.loop.advance(seconds{10});
    ASSERT_EQ(f.attempts(), 2u) << "at once";
    EXPECT_EQ(f.session->health().failures, 0u);
    f.acceptAll();
    EXPECT_EQ(f.broker.last().subscriptions[0].qos, Qos::kAtLeastOnce);
    EXPECT_EQ(f.session->connection()->limits.subscribeQos, Qos::kAtLeastOnce);

    f.broker.last().lose();
    f.loop.advance(seconds{1});
    f.broker.last().accept();

    EXPECT_EQ(f.broker.last().subscriptions[0].qos, Qos::kAtLeastOnce) << "remembered";
    EXPECT_EQ(f.options().will->qos, Qos::kAtLeastOnce);
    EXPECT_EQ(f.options().will->retain, Retain::kYes);
}

TEST(SessionConnecting, SubscribesAtALowerQosWhereTheBrokerClosesTheConnection) {
    SessionFixture f;
    f.start();
    f.broker.last().accept();
    f.broker.last().lose();
    f.loop.runPending();

    f.acceptAll();

    EXPECT_EQ(f.broker.last().subscriptions[0].qos, Qos::kAtLeastOnce);
    EXPECT_EQ(f.connected.size(), 1u);
}

TEST(SessionConnecting, SubscribesAtALowerQosOnTheSameConnectionWhereTheBrokerRefuses) {
    for (const int code : {0x80, 0x83, 0x9B}) {
        SessionFixture f;
        f.start();
        f.broker.last().accept();
        f.broker.last().answerSubscription({code, code});
        ASSERT_EQ(f.broker.last().subscriptions.size(), 2u);
        EXPECT_EQ(f.broker.last().subscriptions[1].qos, Qos::kAtLeastOnce);
        f.broker.last().grantAll();

        EXPECT_EQ(f.attempts(), 1u);
        EXPECT_TRUE(f.session->health().deniedTopics.empty());
        EXPECT_EQ(f.session->connection()->limits.subscribeQos, Qos::kAtLeastOnce);
        f.broker.last().lose();
        f.loop.advance(seconds{1});
        f.broker.last().accept();
        EXPECT_EQ(f.broker.last().subscriptions[0].qos, Qos::kAtLeastOnce) << "remembered";
    }
}

TEST(SessionConnecting, TakesATopicThatIsRefusedAtEveryQosForDenied) {
    SessionFixture f;
    f.start();
    f.broker.last().accept();
    f.broker.last().answerSubscription({2, 0x80});
    f.broker.last().answerSubscription({0x80});
    EXPECT_EQ(f.broker.last().subscriptions.back().topics, std::vector<std::string>{"edge/pi-1/command"});
    EXPECT_EQ(f.broker.last().subscriptions.back().qos, Qos::kAtMostOnce);
    f.broker.last().answerSubscription({0x80});

    EXPECT_EQ(f.session->health().deniedTopics, std::set<std::string>{"edge/pi-1/command"});
    EXPECT_EQ(f.session->connection()->limits.subscribeQos, Qos::kExactlyOnce) << "nothing to do with the QoS";
}

TEST(SessionConnecting, LeavesRetainedMessagesOutWhereA311BrokerClosesTheConnectionOnThem) {
    MqttConfig config;
    config.protocol = Protocol::kV311;
    SessionFixture f(config);
    f.onConnected = [&f] {
        f.session->publish({.topic = "edge/pi-1/status", .payload = "online", .retain = Retain::kYes}, Priority::kReply,
                           {});
    };
    f.startConnected();
    f.broker.last().lose();
    f.loop.runPending();
    f.acceptAll();
    EXPECT_EQ(f.broker.last().published[0].publication.retain, Retain::kYes) << "the link could have broken";
    f.broker.last().lose();
    f.loop.runPending();
    f.acceptAll();

    EXPECT_EQ(f.broker.last().published[0].publication.retain, Retain::kNo);
    f.broker.last().acknowledgeAll();
    EXPECT_FALSE(f.session->connection()->limits.retain);
    EXPECT_EQ(f.session->health().failures, 0u);
}

TEST(SessionConnecting, LowersTheWillForABrokerThatKeepsNothing) {
    SessionFixture f;
    f.start();
    f.broker.last().refuse(Kind::kServer, "does not keep retained messages", 0x9A);
    f.loop.runPending();

    ASSERT_EQ(f.attempts(), 2u);
    EXPECT_EQ(f.options().will->retain, Retain::kNo);
}

TEST(SessionConnecting, WarnsInHealthAboutAPasswordInTheClear) {
    MqttConfig config;
    config.servers.front().host = "broker.example";
    config.username = "pi";
    config.passwordFile = "/etc/secret";
    const SessionFixture f(config);

    EXPECT_EQ(f.session->health().warnings.size(), 1u);
}

TEST(SessionConnecting, MayBeDestroyedInEveryState) {
    SessionFixture resolving;
    resolving.resolver.silent["localhost"];
    resolving.start();
    resolving.session.reset();
    for (const auto& done : resolving.resolver.silent["localhost"]) done(std::vector<std::string>{"127.0.0.1"});
    resolving.loop.advance(seconds{60});

    SessionFixture connecting;
    connecting.start();
    connecting.session.reset();
    EXPECT_TRUE(connecting.broker.last().isDestroyed);

    SessionFixture connected;
    connected.startConnected();
    connected.publish("t");
    connected.session.reset();
    connected.loop.advance(seconds{120});
    EXPECT_TRUE(connected.deliveries.empty());
}

}  // namespace
}  // namespace edge
