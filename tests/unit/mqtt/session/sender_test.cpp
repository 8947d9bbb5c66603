// SPDX-License-Identifier: MIT
#include "mqtt/session/sender.hpp"

#include <gtest/gtest.h>

#include "fakes/fake_mqtt_client.hpp"
#include "fakes/manual_loop.hpp"

namespace edge {
namespace {

using Kind = ConnectionFailure::Kind;

constexpr std::size_t kPicture = 300'000;

struct Fixture {
    Fixture() : client(broker.factory()({}, {})) {}

    void attach(ConnectionInfo info = {}) {
        info.limits.restrictTo(servers.limits());
        sender.attach(*client, info);
    }
    Unproven detach(Kind kind = Kind::kNetwork) {
        const Unproven unproven = sender.detach({kind, -1, "lost"});
        broker.last().published.clear();
        return unproven;
    }
    void publish(const std::string& topic, Priority priority = Priority::kLive, std::size_t bytes = 1,
                 Qos qos = Qos::kAtLeastOnce, Retain retain = Retain::kNo) {
        Publication publication{.topic = topic, .payload = std::string(bytes, 'x'), .qos = qos, .retain = retain};
        sender.publish(std::make_shared<const Publication>(std::move(publication)), priority,
                       [this, topic](Delivery delivery) { ended.emplace_back(topic, delivery); });
    }
    void picture(std::size_t bytes = kPicture, Qos qos = Qos::kAtLeastOnce) {
        publish("jpeg", Priority::kImage, bytes, qos);
    }
    /// How the only publication that ended, ended.
    Delivery outcome() {
        loop.runPending();
        EXPECT_EQ(ended.size(), 1u);
        return ended.empty() ? Delivery::kLost : std::exchange(ended, {}).front().second;
    }
    std::vector<FakeBroker::Published>& sent() { return broker.last().published; }

    ManualLoop loop;
    FakeBroker broker;
    std::unique_ptr<MqttClient> client;
    std::vector<std::pair<std::string, Delivery>> ended;
    int changes = 0;
    std::vector<std::string> stalls;
    int idles = 0;
    ServerList servers{MqttConfig{}, [] { return 0.5; }};
    Sender sender{
        loop,
        servers,
        seconds{50},
        {[this] { ++changes; }, [this](std::string why) { stalls.push_back(std::move(why)); }, [this] { ++idles; }}};
};

ConnectionInfo v311() {
    ConnectionInfo info;
    info.limits.protocolVersion = 4;
    return info;
}

/// What is left for a picture in half of the packet that a picture of `bytes` took.
constexpr double kRoughly = 1'000;
double halfOf(std::size_t bytes) {
    return static_cast<double>(bytes) / 2;
}

TEST(Sender, DeliversOnAcknowledgementAndNotInsideTheCall) {
    Fixture f;
    f.attach();
    f.publish("t");
    f.broker.last().acknowledge(0);
    EXPECT_TRUE(f.ended.empty());

    EXPECT_EQ(f.outcome(), Delivery::kDelivered);
}

TEST(Sender, LosesAtOnceWhatCannotWaitWithoutAConnection) {
    for (const Priority priority : {Priority::kLive, Priority::kImage, Priority::kBacklog}) {
        Fixture f;
        f.publish("t", priority);
        EXPECT_TRUE(f.ended.empty());
        EXPECT_EQ(f.outcome(), Delivery::kLost);
    }
    Fixture retained;
    retained.publish("t", Priority::kReply, 1, Qos::kAtLeastOnce, Retain::kYes);
    EXPECT_EQ(retained.outcome(), Delivery::kLost);
}

TEST(Sender, KeepsRepliesForTheNextConnection) {
    Fixture f;
    f.publish("r", Priority::kReply);
    f.attach();

    ASSERT_EQ(f.sent().size(), 1u);
    f.broker.last().acknowledge(0);
    EXPECT_EQ(f.outcome(), Delivery::kDelivered);
}

TEST(Sender, SendsAReplyAgainWhoseConnectionEnded) {
    Fixture f;
    f.attach();
    f.publish("r1", Priority::kReply);
    f.publish("r2", Priority::kReply);
    f.publish("live");
    f.detach();
    EXPECT_EQ(f.outcome(), Delivery::kLost);

    f.attach();

    EXPECT_EQ(f.broker.last().topics(), (std::vector<std::string>{"r1", "r2"}));
}

TEST(Sender, KeepsAReplyThatTheClientCouldNotTake) {
    Fixture f;
    f.attach();
    f.publish("r", Priority::kReply);
    f.broker.last().acknowledge(0, -1);
    f.loop.runPending();
    EXPECT_TRUE(f.ended.empty());

    f.detach();
    f.attach();
    EXPECT_EQ(f.sent().size(), 1u);
}

TEST(Sender, DropsTheOldestOfTooManyReplies) {
    Fixture f;
    for (std::size_t i = 0; i < Publisher::kMaxWaitingReplies; ++i) f.publish("r", Priority::kReply);
    f.loop.runPending();
    EXPECT_TRUE(f.ended.empty());

    f.publish("one more", Priority::kReply);

    EXPECT_EQ(f.outcome(), Delivery::kLost);
    EXPECT_EQ(f.sender.droppedReplies(), 1u);
    EXPECT_EQ(f.sender.waiting(), Publisher::kMaxWaitingReplies);
    EXPECT_EQ(f.changes, 1);
}

TEST(Sender, ATopicThatMayNotBeEmptiedIsNotOneThatIsMissing) {
    Fixture f;
    f.attach();
    Publication empty;
    empty.topic = "old";
    empty.retain = Retain::kYes;
    Delivery delivery = Delivery::kDelivered;
    f.sender.publish(std::make_shared<const Publication>(std::move(empty)), Priority::kReply,
                     [&](Delivery how) { delivery = how; });
    f.broker.last().acknowledge(0, 0x87);
    f.loop.runPending();
    EXPECT_EQ(delivery, Delivery::kDenied);
    EXPECT_TRUE(f.sender.deniedTopics().empty());
}

TEST(Sender, LeavesADeniedTopicAloneForThisConnectionOnly) {
    Fixture f;
    f.attach();
    f.publish("t");
    f.broker.last().acknowledge(0, 0x87);
    EXPECT_EQ(f.outcome(), Delivery::kDenied);
    EXPECT_EQ(f.sender.deniedTopics(), std::set<std::string>{"t"});
    EXPECT_EQ(f.changes, 1);

    f.publish("t");
    EXPECT_EQ(f.outcome(), Delivery::kDenied);
    EXPECT_EQ(f.sent().size(), 1u) << "not sent";
    f.publish("other");
    EXPECT_EQ(f.sent().size(), 2u);

    f.broker.last().acknowledge(1);
    f.detach();
    f.attach();
    f.publish("t");
    EXPECT_EQ(f.sent().size(), 1u);
}

TEST(Sender, DoesNotTakeAUsedUpQuotaForADeniedTopic) {
    Fixture f;
    f.attach();
    f.publish("t");
    f.broker.last().acknowledge(0, 0x97);

    EXPECT_EQ(f.outcome(), Delivery::kLost);
    EXPECT_TRUE(f.sender.deniedTopics().empty());
}

TEST(Sender, DeliversWhereNobodySubscribes) {
    Fixture f;
    f.attach();
    f.publish("t");
    f.broker.last().acknowledge(0, 0x10);

    EXPECT_EQ(f.outcome(), Delivery::kDelivered);
}

TEST(Sender, LowersQosAndRetainToWhatTheBrokerOffers) {
    Fixture f;
    ConnectionInfo info;
    info.limits.publishQos = Qos::kAtMostOnce;
    info.limits.retain = false;
    f.attach(info);
    f.publish("t", Priority::kReply, 1, Qos::kExactlyOnce, Retain::kYes);

    ASSERT_EQ(f.sent().size(), 1u);
    EXPECT_EQ(f.sent()[0].publication.qos, Qos::kAtMostOnce);
    EXPECT_EQ(f.sent()[0].publication.retain, Retain::kNo);
}

TEST(Sender, DoesNotSendWhatIsOverTheMaximumPacketSize) {
    Fixture f;
    ConnectionInfo info;
    info.limits.packetSize = 100'000;
    f.attach(info);
    f.picture(100'000);
    EXPECT_EQ(f.outcome(), Delivery::kTooLarge);
    EXPECT_TRUE(f.sent().empty());

    const std::size_t most = f.sender.maxPayload("jpeg");
    EXPECT_LT(most, 100'000u);
    EXPECT_GT(most, 99'000u);
    f.picture(most);
    EXPECT_EQ(f.sent().size(), 1u);
}

TEST(Sender, KnowsNoLimitWhereNoneIsAnnounced) {
    Fixture f;
    f.attach();

    EXPECT_EQ(f.sender.maxPayload("jpeg"), std::numeric_limits<std::size_t>::max());
}

TEST(Sender, HalvesTheLimitWhenA311BrokerHangsUpAfterAPicture) {
    Fixture f;
    f.attach(v311());
    f.picture();
    f.loop.advance(seconds{4});
    f.detach();
    EXPECT_NEAR(static_cast<double>(f.sender.maxPayload("jpeg")), halfOf(kPicture), kRoughly);
    EXPECT_EQ(f.outcome(), Delivery::kLost);

    f.attach(v311());
    f.picture();
    EXPECT_EQ(f.outcome(), Delivery::kTooLarge) << "never lost to the same picture twice";
    f.picture(f.sender.maxPayload("jpeg"));
    f.detach();
    EXPECT_NEAR(static_cast<double>(f.sender.maxPayload("jpeg")), halfOf(kPicture / 2), kRoughly);
}

TEST(Sender, HalvesTheLimitAlsoForAPictureAtQos0) {
    Fixture f;
    f.attach(v311());
    f.picture(kPicture, Qos::kAtMostOnce);
    f.broker.last().acknowledge(0);
    f.detach();

    EXPECT_NEAR(static_cast<double>(f.sender.maxPayload("jpeg")), halfOf(kPicture), kRoughly);
}

TEST(Sender, BlamesNoneOfManyPicturesThatTheBrokerHasTakenBefore) {
    Fixture f;
    f.attach(v311());
    for (int i = 0; i < 70; ++i) {
        f.publish("live", Priority::kBacklog, kPicture, Qos::kAtMostOnce);
        f.broker.last().acknowledge(f.sent().size() - 1);
        f.loop.advance(milliseconds{100});
    }
    f.detach();

    EXPECT_EQ(f.sender.maxPayload("live"), std::numeric_limits<std::size_t>::max());
}

TEST(Sender, CountsWhatHasNotReachedTheBroker) {
    Fixture f;
    EXPECT_EQ(f.sender.outstandingBytes(), 0u);
    f.attach();
    f.picture(1000);
    f.publish("live", Priority::kBacklog, 500, Qos::kAtMostOnce);
    EXPECT_EQ(f.sender.outstandingBytes(), 1500u);

    f.broker.last().unacknowledged = 300;
    f.broker.last().acknowledge(0);
    f.broker.last().acknowledge(1);
    EXPECT_EQ(f.sender.outstandingBytes(), 300u) << "handed to the system, which has not got rid of all";

    f.detach();
    EXPECT_EQ(f.sender.outstandingBytes(), 0u);
}

TEST(Sender, BlamesNoPictureLongAfter) {
    Fixture f;
    f.attach(v311());
    f.picture();
    f.loop.advance(seconds{6});
    f.detach();

    EXPECT_EQ(f.sender.maxPayload("jpeg"), std::numeric_limits<std::size_t>::max());
}

TEST(Sender, BlamesNoPictureThatWasAcknowledged) {
    Fixture f;
    f.attach(v311());
    f.picture();
    f.broker.last().acknowledge(0);
    f.detach();
    f.attach(v311());
    f.picture();
    f.detach();

    EXPECT_EQ(f.sender.maxPayload("jpeg"), std::numeric_limits<std::size_t>::max());
}

TEST(Sender, BlamesNoPictureWithMqtt5UnlessTheBrokerDoes) {
    Fixture f;
    f.attach();
    f.picture();
    f.detach();
    EXPECT_EQ(f.sender.maxPayload("jpeg"), std::numeric_limits<std::size_t>::max());

    f.attach();
    f.picture();
    f.detach(Kind::kPacketTooLarge);
    EXPECT_NEAR(static_cast<double>(f.sender.maxPayload("jpeg")), halfOf(kPicture), kRoughly);
}

TEST(Sender, LearnsTheLimitFromAPubackWithoutLosingTheConnection) {
    Fixture f;
    f.attach();
    f.picture();
    f.broker.last().acknowledge(0, 0x95);
    EXPECT_EQ(f.outcome(), Delivery::kTooLarge);

    EXPECT_NEAR(static_cast<double>(f.sender.maxPayload("jpeg")), halfOf(kPicture), kRoughly);
    EXPECT_EQ(f.changes, 1) << "health shows it";
    EXPECT_LT(f.sender.connection().limits.packetSize, kPicture);
    f.picture();
    EXPECT_EQ(f.outcome(), Delivery::kTooLarge);
    EXPECT_EQ(f.sent().size(), 1u) << "not sent";
}

TEST(Sender, LearnsALimitOfAFewKilobytes) {
    constexpr std::size_t kBrokersLimit = 10'000;
    for (const Qos qos : {Qos::kAtMostOnce, Qos::kAtLeastOnce}) {
        Fixture f;
        std::size_t bytes = 15'000;
        int losses = 0;
        for (; bytes > kBrokersLimit; bytes = std::min(bytes, f.sender.maxPayload("jpeg"))) {
            f.attach(v311());
            f.picture(bytes, qos);
            ASSERT_EQ(f.sent().size(), 1u);
            if (qos == Qos::kAtMostOnce) f.broker.last().acknowledge(0);
            EXPECT_TRUE(f.detach().isPacketTooLarge);
            ASSERT_LT(++losses, 3);
        }
        f.attach(v311());
        f.picture(bytes, qos);
        EXPECT_EQ(f.sent().size(), 1u);
    }
}

TEST(Sender, BlamesASmallLiveFrame) {
    constexpr std::size_t kFrame = 12'000;
    Fixture f;
    f.attach(v311());
    f.publish("live", Priority::kBacklog, kFrame, Qos::kAtMostOnce);
    f.broker.last().acknowledge(0);
    f.detach();

    EXPECT_NEAR(static_cast<double>(f.sender.maxPayload("live")), halfOf(kFrame), kRoughly);
}

TEST(Sender, BlamesNoReadingForItsSize) {
    Fixture f;
    f.attach(v311());
    f.publish("edge/pi-1/health", Priority::kReply, 12'000, Qos::kAtLeastOnce, Retain::kYes);
    f.detach();

    EXPECT_EQ(f.sender.maxPayload("jpeg"), BrokerLimits::kAnyPacketSize);
}

TEST(Sender, SuspectsWhatTheConnectionHasNotAcknowledgedBefore) {
    Fixture f;
    f.attach(v311());
    f.publish("status", Priority::kReply, 1, Qos::kAtLeastOnce, Retain::kYes);
    Unproven unproven = f.detach();
    EXPECT_TRUE(unproven.retained);
    EXPECT_EQ(unproven.qos, Qos::kAtLeastOnce);
    EXPECT_FALSE(unproven.hasAcknowledged);

    f.attach(v311());
    f.publish("status", Priority::kReply, 1, Qos::kAtLeastOnce, Retain::kYes);
    f.broker.last().acknowledge(0);
    f.publish("status", Priority::kReply, 1, Qos::kAtLeastOnce, Retain::kYes);
    unproven = f.detach();
    EXPECT_FALSE(unproven.isAny());
    EXPECT_TRUE(unproven.hasAcknowledged);

    f.attach(v311());
    f.publish("t");
    f.broker.last().acknowledge(0);
    f.publish("t", Priority::kLive, 1, Qos::kExactlyOnce);
    unproven = f.detach();
    EXPECT_FALSE(unproven.retained);
    EXPECT_EQ(unproven.qos, Qos::kExactlyOnce);
}

/// Paho fails what is in flight before it reports the end of a connection with a clean session.
TEST(Sender, SuspectsWhatTheClientFailsBeforeTheConnectionEnds) {
    Fixture f;
    f.attach(v311());
    f.publish("t", Priority::kLive, 1, Qos::kAtLeastOnce, Retain::kYes);
    f.broker.last().acknowledge(0, -1);
    const Unproven unproven = f.detach();

    EXPECT_TRUE(unproven.retained);
    EXPECT_EQ(unproven.qos, Qos::kAtLeastOnce);
    EXPECT_EQ(f.outcome(), Delivery::kLost);
}

TEST(Sender, SuspectsNothingLongAfterItWasSent) {
    Fixture f;
    f.attach(v311());
    f.publish("status", Priority::kReply, 1, Qos::kAtLeastOnce, Retain::kYes);
    f.loop.advance(seconds{6});

    EXPECT_FALSE(f.detach().isAny());
}

TEST(Sender, SuspectsAQosThatIsNeverAcknowledged) {
    Fixture f;
    f.attach(v311());
    f.publish("t", Priority::kLive, 1, Qos::kExactlyOnce);
    f.loop.advance(seconds{50});
    EXPECT_EQ(f.stalls.size(), 1u);

    EXPECT_EQ(f.detach().qos, Qos::kExactlyOnce);
}

TEST(Sender, SuspectsARetainedPublicationAtQos0RightAfterIt) {
    ConnectionInfo info = v311();
    info.limits.publishQos = Qos::kAtMostOnce;
    Fixture f;
    f.attach(info);
    f.publish("status", Priority::kReply, 1, Qos::kAtLeastOnce, Retain::kYes);
    f.broker.last().acknowledge(0);
    EXPECT_TRUE(f.detach().retained);

    f.attach(info);
    f.publish("status", Priority::kReply, 1, Qos::kAtLeastOnce, Retain::kYes);
    f.broker.last().acknowledge(0);
    f.loop.advance(seconds{6});
    f.publish("health", Priority::kReply, 1, Qos::kAtLeastOnce, Retain::kYes);
    f.broker.last().acknowledge(1);
    EXPECT_FALSE(f.detach().retained) << "the first one did no harm";
}

TEST(Sender, ReportsAStallWhenNothingIsAcknowledged) {
    Fixture f;
    f.attach();
    f.loop.advance(std::chrono::hours{1});
    f.publish("t");
    f.loop.advance(seconds{49});
    EXPECT_TRUE(f.stalls.empty());

    f.loop.advance(seconds{1});

    EXPECT_EQ(f.stalls.size(), 1u);
}

TEST(Sender, ReportsNoStallWhileAcknowledgementsCome) {
    Fixture f;
    f.attach();
    for (std::size_t i = 0; i < 10; ++i) f.publish("t");
    for (std::size_t i = 0; i < 10; ++i) {
        f.loop.advance(seconds{40});
        f.broker.last().acknowledge(i);
    }
    f.loop.advance(std::chrono::hours{1});

    EXPECT_TRUE(f.stalls.empty());
}

TEST(Sender, ReportsNoStallWhileTheLineTakesMore) {
    Fixture f;
    f.attach();
    f.publish("t");
    for (int i = 0; i < 10; ++i) {
        f.loop.advance(seconds{40});
        f.broker.last().progress = f.loop.clock().now();
    }
    f.loop.advance(seconds{49});
    EXPECT_TRUE(f.stalls.empty());

    f.loop.advance(seconds{1});
    EXPECT_EQ(f.stalls.size(), 1u);
}

TEST(Sender, SendsOnlyRepliesAndTheLastOnesWhenItFinishes) {
    Fixture f;
    ConnectionInfo info;
    info.receiveMaximum = 1;
    f.attach(info);
    f.publish("in flight");
    f.publish("reply", Priority::kReply);
    f.publish("live");
    f.sender.finishWith({Publication{.topic = "status", .payload = "offline"}});
    f.loop.runPending();
    EXPECT_EQ(f.ended, (std::vector<std::pair<std::string, Delivery>>{{"live", Delivery::kLost}}));

    f.broker.last().acknowledge(0);
    f.broker.last().acknowledge(1);
    EXPECT_EQ(f.idles, 0);
    f.broker.last().acknowledge(2);

    EXPECT_EQ(f.broker.last().topics(), (std::vector<std::string>{"in flight", "reply", "status"}));
    EXPECT_EQ(f.idles, 1);
}

TEST(Sender, LosesEverythingWhenItIsClosed) {
    Fixture f;
    f.publish("r", Priority::kReply);
    f.sender.close();
    EXPECT_EQ(f.outcome(), Delivery::kLost);

    f.publish("r", Priority::kReply);
    EXPECT_EQ(f.outcome(), Delivery::kLost);
}

}  // namespace
}  // namespace edge
