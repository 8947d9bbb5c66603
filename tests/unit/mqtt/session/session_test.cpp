// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "session_fixture.hpp"

namespace edge {
namespace {

using Kind = ConnectionFailure::Kind;

TEST(Session, PublishesWhatTheConnectedHandlerSays) {
    SessionFixture f;
    f.onConnected = [&f] { f.publish("edge/pi-1/status", Priority::kReply); };
    f.startConnected();

    EXPECT_EQ(f.broker.last().topics(), std::vector<std::string>{"edge/pi-1/status"});
}

TEST(Session, LosesWhatWasInFlightWithTheConnection) {
    SessionFixture f;
    f.startConnected();
    f.publish("t");
    f.publish("jpeg", Priority::kImage, 300'000);
    f.broker.last().lose();
    f.loop.runPending();

    EXPECT_EQ(f.deliveries, (std::vector<Delivery>{Delivery::kLost, Delivery::kLost}));
    EXPECT_EQ(f.session->connection(), nullptr);
    EXPECT_TRUE(f.broker.last().isDestroyed);
}

TEST(Session, SendsAReplyOnTheNextConnection) {
    SessionFixture f;
    f.startConnected();
    f.publish("reply", Priority::kReply);
    f.broker.last().lose();
    f.loop.advance(seconds{1});
    f.acceptAll();

    EXPECT_EQ(f.broker.last().topics(), std::vector<std::string>{"reply"});
    f.broker.last().acknowledgeAll();
    f.loop.runPending();
    EXPECT_EQ(f.deliveries, std::vector<Delivery>{Delivery::kDelivered});
}

TEST(Session, DropsAHalfOpenConnectionWithinAMinute) {
    SessionFixture f;
    f.startConnected();
    f.publish("t");
    f.loop.advance(seconds{60});

    EXPECT_EQ(f.disconnects, 1);
    EXPECT_TRUE(f.broker.attempts[0]->isDestroyed);
    EXPECT_EQ(f.attempts(), 2u);
    EXPECT_EQ(f.deliveries, std::vector<Delivery>{Delivery::kLost});
}

TEST(Session, ForgetsDeniedTopicsWithTheConnection) {
    SessionFixture f;
    f.startConnected();
    f.publish("t");
    f.broker.last().acknowledge(0, 0x87);
    EXPECT_EQ(f.session->health().deniedTopics, std::set<std::string>{"t"});

    f.broker.last().lose();
    f.loop.advance(seconds{1});
    f.acceptAll();

    EXPECT_TRUE(f.session->health().deniedTopics.empty());
}

TEST(Session, CountsWhatWaitsForTheWindow) {
    SessionFixture f;
    f.start();
    ConnectionInfo info;
    info.receiveMaximum = 3;
    f.acceptAll(info);
    for (int i = 0; i < 10; ++i) f.publish("t");

    EXPECT_EQ(f.session->health().waiting, 7u);
    f.broker.last().acknowledge(0);
    EXPECT_EQ(f.session->health().waiting, 6u);
}

TEST(Session, LearnsThePictureLimitOfA311BrokerForGood) {
    MqttConfig config;
    config.protocol = Protocol::kV311;
    SessionFixture f(config);
    f.startConnected();
    f.publish("jpeg", Priority::kImage, 300'000);
    f.broker.last().lose();
    f.loop.advance(seconds{1});
    f.acceptAll();

    EXPECT_NEAR(static_cast<double>(f.session->maxPayload("jpeg")), 150'000, 1'000);
}

TEST(Session, PassesMessagesOn) {
    SessionFixture f;
    f.startConnected();
    f.broker.last().handlers.message({.topic = "command", .payload = "stop"});

    EXPECT_EQ(f.messages, std::vector<std::string>{"stop"});
}

TEST(Session, TellsOfADisconnectionOnlyAfterAConnection) {
    SessionFixture f;
    f.start();
    f.refuse(Kind::kNetwork);
    EXPECT_EQ(f.disconnects, 0);
}

}  // namespace
}  // namespace edge
