// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "session_fixture.hpp"

namespace edge {
namespace {

using Kind = ConnectionFailure::Kind;

struct StoppingFixture : SessionFixture {
    void stop(milliseconds limit = seconds{5}) {
        session->stop({Publication{.topic = "edge/pi-1/status", .payload = "offline", .retain = Retain::kYes}}, limit,
                      [this] { ++stopped; });
    }
    int stopped = 0;
};

TEST(SessionStopping, SendsTheLastWordAndDisconnectsWhenItIsAcknowledged) {
    StoppingFixture f;
    f.startConnected();
    f.stop();
    ASSERT_EQ(f.broker.last().topics(), std::vector<std::string>{"edge/pi-1/status"});
    EXPECT_FALSE(f.broker.last().disconnectLimit);

    f.broker.last().acknowledge(0);
    ASSERT_TRUE(f.broker.last().disconnectLimit);
    EXPECT_EQ(f.stopped, 0);
    const auto attempt = f.broker.attempts.back();
    attempt->disconnected();
    f.loop.runPending();

    EXPECT_EQ(f.stopped, 1);
    EXPECT_TRUE(attempt->isDestroyed);
    EXPECT_EQ(f.disconnects, 0) << "nothing is delivered after stop()";
}

TEST(SessionStopping, WaitsForWhatIsUnderWay) {
    StoppingFixture f;
    f.startConnected();
    f.publish("reading");
    f.stop();
    f.broker.last().acknowledge(1);
    EXPECT_FALSE(f.broker.last().disconnectLimit);

    f.broker.last().acknowledge(0);
    f.loop.runPending();

    EXPECT_TRUE(f.broker.last().disconnectLimit);
    EXPECT_EQ(f.deliveries, std::vector<Delivery>{Delivery::kDelivered});
}

TEST(SessionStopping, EndsWithinTheLimitWhenTheBrokerSaysNothing) {
    StoppingFixture f;
    f.startConnected();
    f.publish("reading");
    f.stop();
    f.loop.advance(milliseconds{4500});
    EXPECT_TRUE(f.broker.last().disconnectLimit);
    EXPECT_EQ(f.stopped, 0);

    f.loop.advance(milliseconds{500});

    EXPECT_EQ(f.stopped, 1);
    EXPECT_EQ(f.deliveries, std::vector<Delivery>{Delivery::kLost});
}

TEST(SessionStopping, EndsAtOnceWhenThereIsNoConnection) {
    StoppingFixture idle;
    idle.stop();
    idle.loop.runPending();
    EXPECT_EQ(idle.stopped, 1);

    StoppingFixture resolving;
    resolving.resolver.silent["localhost"];
    resolving.start();
    resolving.stop();
    resolving.loop.runPending();
    EXPECT_EQ(resolving.stopped, 1);

    StoppingFixture connecting;
    connecting.start();
    connecting.stop();
    connecting.loop.runPending();
    EXPECT_EQ(connecting.stopped, 1);
    EXPECT_TRUE(connecting.broker.last().isDestroyed);

    StoppingFixture subscribing;
    subscribing.start();
    subscribing.broker.last().accept();
    subscribing.stop();
    subscribing.loop.runPending();
    EXPECT_EQ(subscribing.stopped, 1);

    StoppingFixture waiting;
    waiting.start();
    waiting.refuse(Kind::kNetwork);
    waiting.stop();
    waiting.loop.advance(seconds{300});
    EXPECT_EQ(waiting.stopped, 1);
    EXPECT_EQ(waiting.attempts(), 1u);
}

TEST(SessionStopping, EndsWhenTheConnectionIsLostMeanwhile) {
    StoppingFixture f;
    f.startConnected();
    f.stop();
    f.broker.last().lose();
    f.loop.advance(seconds{300});

    EXPECT_EQ(f.stopped, 1);
    EXPECT_EQ(f.attempts(), 1u);
}

TEST(SessionStopping, LosesWaitingRepliesBeforeItSaysThatItIsDone) {
    StoppingFixture f;
    f.start();
    f.publish("reply", Priority::kReply);
    std::vector<Delivery> seenWhenDone;
    f.session->stop({}, seconds{5}, [&] { seenWhenDone = f.deliveries; });
    f.loop.runPending();

    EXPECT_EQ(seenWhenDone, std::vector<Delivery>{Delivery::kLost});
}

TEST(SessionStopping, TakesNoMoreMessages) {
    StoppingFixture f;
    f.startConnected();
    f.stop();
    f.broker.last().handlers.message({.topic = "command", .payload = "capture"});

    EXPECT_TRUE(f.messages.empty());
    f.publish("late");
    f.loop.runPending();
    EXPECT_EQ(f.deliveries, std::vector<Delivery>{Delivery::kLost});
}

TEST(SessionStopping, AnswersASecondStopToo) {
    StoppingFixture f;
    f.startConnected();
    f.stop();
    f.stop();
    f.loop.advance(seconds{5});

    EXPECT_EQ(f.stopped, 2);
}

TEST(SessionReconnecting, SaysItsLastWordAndConnectsByTheNewSettings) {
    SessionFixture f;
    f.startConnected();
    f.publish("reading");
    const auto old = f.broker.attempts.back();
    f.session->reconnect(f.settings("pi-2"), seconds{1});
    EXPECT_EQ(f.disconnects, 1);
    EXPECT_EQ(f.session->connection(), nullptr);
    EXPECT_EQ(old->topics(), (std::vector<std::string>{"reading", "edge/pi-1/status"}));
    EXPECT_EQ(f.attempts(), 1u) << "two connections with one id would end each other";
    old->acknowledgeAll();
    ASSERT_TRUE(old->disconnectLimit);
    old->disconnected();
    f.loop.runPending();

    EXPECT_EQ(f.deliveries, std::vector<Delivery>{Delivery::kDelivered});
    EXPECT_TRUE(old->isDestroyed);
    ASSERT_EQ(f.attempts(), 2u);
    EXPECT_EQ(f.options().clientId, "pi-2");
    EXPECT_EQ(f.options().will->topic, "edge/pi-2/status");
    f.acceptAll();
    EXPECT_EQ(f.broker.last().subscriptions.back().topics, (std::vector<std::string>{"command", "edge/pi-2/command"}));
    EXPECT_EQ(f.connected.size(), 2u);
    EXPECT_EQ(f.session->health().connects, 2u);
}

TEST(SessionReconnecting, LosesNoReplyAndNoCommandMeanwhile) {
    SessionFixture f;
    f.startConnected();
    const auto old = f.broker.attempts.back();
    f.session->reconnect(f.settings("pi-1"), seconds{1});
    old->handlers.message({.topic = "command", .payload = "status"});
    EXPECT_EQ(f.messages, std::vector<std::string>{"status"});
    f.publish("edge/pi-1/response", Priority::kReply);
    f.publish("edge/pi-1/sensor/room");
    f.loop.runPending();
    EXPECT_EQ(f.deliveries, std::vector<Delivery>{Delivery::kLost}) << "the reading";
    f.loop.advance(seconds{1});  // the broker acknowledges nothing
    f.acceptAll();
    ASSERT_EQ(f.broker.last().topics(), std::vector<std::string>{"edge/pi-1/response"});
    f.broker.last().acknowledge(0);
    f.loop.runPending();

    EXPECT_EQ(f.deliveries, (std::vector<Delivery>{Delivery::kLost, Delivery::kDelivered}));
}

TEST(SessionReconnecting, KeepsRepliesThatWaitForAConnection) {
    SessionFixture f;
    f.start();
    f.refuse(Kind::kRefusedLogin);
    f.publish("edge/pi-1/response", Priority::kReply);
    f.session->reconnect(f.settings("pi-1"), seconds{1});
    f.loop.runPending();
    ASSERT_EQ(f.attempts(), 2u) << "at once: the password may be right now";
    EXPECT_EQ(f.disconnects, 0);
    f.acceptAll();

    EXPECT_EQ(f.broker.last().topics(), std::vector<std::string>{"edge/pi-1/response"});
}

TEST(SessionReconnecting, EndsAnAttemptThatIsUnderWay) {
    SessionFixture f;
    f.start();
    const auto old = f.broker.attempts.back();
    f.session->reconnect(f.settings("pi-2"), seconds{1});
    f.loop.runPending();

    EXPECT_TRUE(old->isDestroyed);
    EXPECT_EQ(f.attempts(), 2u);
    EXPECT_EQ(f.options().clientId, "pi-2");
}

TEST(SessionReconnecting, TheLastSettingsCount) {
    SessionFixture f;
    f.startConnected();
    f.session->reconnect(f.settings("pi-2"), seconds{1});
    f.session->reconnect(f.settings("pi-3"), seconds{1});
    f.loop.advance(seconds{1});

    EXPECT_EQ(f.attempts(), 2u);
    EXPECT_EQ(f.options().clientId, "pi-3");
    EXPECT_EQ(f.disconnects, 1);
}

TEST(SessionReconnecting, AStopMeanwhileIsTheEnd) {
    StoppingFixture f;
    f.startConnected();
    f.session->reconnect(f.settings("pi-2"), seconds{1});
    f.stop(seconds{1});
    f.loop.advance(seconds{300});

    EXPECT_EQ(f.stopped, 1);
    EXPECT_EQ(f.attempts(), 1u);
    EXPECT_EQ(f.broker.last().topics().front(), "edge/pi-1/status");
}

TEST(SessionReconnecting, ForgetsWhatItLearntAboutTheOldBroker) {
    SessionFixture f;
    f.config.protocol = Protocol::kV311;
    f.make();
    f.startConnected();
    f.publish("jpeg", Priority::kImage, 300'000);
    f.broker.last().lose();
    f.loop.advance(seconds{5});
    f.acceptAll();
    ASSERT_LT(f.session->maxPayload("jpeg"), 300'000u);
    f.session->reconnect(f.settings("pi-1"), seconds{1});
    f.loop.advance(seconds{1});

    EXPECT_GT(f.session->maxPayload("jpeg"), 300'000u);
}

TEST(SessionSubscribing, TakesOtherTopicsOnTheSameConnection) {
    SessionFixture f;
    f.startConnected();
    f.session->subscribe({"command", "edge/pi-1/gpio/relay/set"});
    ASSERT_EQ(f.broker.last().subscriptions.size(), 2u);
    EXPECT_EQ(f.broker.last().subscriptions[1].topics, std::vector<std::string>{"edge/pi-1/gpio/relay/set"});
    f.broker.last().answerSubscription({0x87});
    EXPECT_TRUE(f.session->health().deniedTopics.contains("edge/pi-1/gpio/relay/set"));

    f.broker.last().handlers.message({.topic = "edge/pi-1/gpio/relay/set", .payload = "ON"});
    f.broker.last().handlers.message({.topic = "edge/pi-1/command", .payload = "capture"});
    EXPECT_EQ(f.messages, std::vector<std::string>{"ON"}) << "the broker still keeps the other subscription";
    f.session->subscribe({"command", "edge/pi-1/gpio/relay/set"});
    EXPECT_EQ(f.broker.last().subscriptions.size(), 2u);
    EXPECT_EQ(f.attempts(), 1u);
}

TEST(SessionSubscribing, AddsWhatCameWhileTheSubscriptionWasUnderWay) {
    SessionFixture f;
    f.start();
    f.broker.last().accept();
    f.session->subscribe({"command", "edge/pi-1/command", "more"});
    f.broker.last().grantAll();
    f.loop.runPending();

    ASSERT_EQ(f.broker.last().subscriptions.size(), 2u);
    EXPECT_EQ(f.broker.last().subscriptions[1].topics, std::vector<std::string>{"more"});
}

TEST(SessionSubscribing, TellsWhenEverythingIsAnswered) {
    SessionFixture f;
    f.startConnected();
    int answers = 0;
    f.session->subscribe({"command", "more"}, [&answers] { ++answers; });
    EXPECT_EQ(answers, 0);
    f.broker.last().answerSubscription({0x80});
    EXPECT_EQ(answers, 0) << "a lower QoS is tried";
    f.broker.last().answerSubscription({0x87});

    EXPECT_EQ(answers, 1);
}

TEST(SessionSubscribing, APlusStandsForOneLevel) {
    SessionFixture f;
    f.startConnected();
    f.session->subscribe({"edge/+/status"});
    for (const char* topic :
         {"edge/a/status", "edge/a/b/status", "edge/a/status/", "edge/status", "edge/a/info", "edge//status"}) {
        f.broker.last().handlers.message({.topic = topic, .payload = topic});
    }

    EXPECT_EQ(f.messages, (std::vector<std::string>{"edge/a/status", "edge//status"}));
}

}  // namespace
}  // namespace edge
