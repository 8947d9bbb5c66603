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

}  // namespace
}  // namespace edge
