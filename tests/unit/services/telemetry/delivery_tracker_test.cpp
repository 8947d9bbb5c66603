// SPDX-License-Identifier: MIT
#include <nlohmann/json.hpp>

#include "telemetry_fixture.hpp"

namespace edge {
namespace {

using Json = nlohmann::json;

/// Readings with a broker, without one, and afterwards.
class DeliveryTrackerTest : public TelemetryFixture {
  protected:
    std::vector<std::int64_t> backlogSeqs() const {
        std::vector<std::int64_t> seqs;
        for (const Publication& reading : publisher.on("edge/pi/sensor/room/backlog")) {
            seqs.push_back(Json::parse(reading.payload)["seq"].get<std::int64_t>());
        }
        return seqs;
    }
    void disconnect() {
        publisher.disconnect();
        telemetry->onDisconnected();
        loop->runPending();
    }
    void connect() {
        publisher.connect();
        telemetry->onConnected();
        loop->runPending();
    }
};

TEST_F(DeliveryTrackerTest, DeliveredReadingsAreNotWritten) {
    boot();
    start(seconds{1});
    loop->advance(seconds{300});

    EXPECT_EQ(telemetry->counters().delivered, 301U);
    EXPECT_EQ(journal->health().queuedReadings, 0U);
    expectBalance();
}

TEST_F(DeliveryTrackerTest, TheBacklogContinuesAfterTheJournalCouldNotBeRead) {
    boot();
    disconnect();
    start(seconds{1});
    loop->advance(seconds{10'000});  // more than SQLite keeps in its cache
    boot();
    stop();
    const auto waiting = journal->health().queuedReadings;
    ASSERT_GT(waiting, 9'000U);
    storage.doesReadFail = true;
    connect();
    loop->advance(seconds{2});
    ASSERT_LT(backlogSeqs().size(), 100U) << "those in memory";

    storage.doesReadFail = false;
    loop->advance(std::chrono::minutes{10});

    EXPECT_EQ(backlogSeqs().size(), waiting);
    EXPECT_EQ(journal->health().queuedReadings, 0U);
}

TEST_F(DeliveryTrackerTest, APlainReadingExpiresWithItsInterval) {
    parts[0].config.interval = milliseconds{20'500};
    boot();
    start();
    EXPECT_EQ(publisher.on("room/temp").back().expiry, seconds{21}) << "replaced by the next one";
    EXPECT_FALSE(publisher.on("edge/pi/sensor/room").back().expiry) << "it carries its time";

    parts[0].config.interval = milliseconds{100};
    boot();
    start();
    EXPECT_EQ(publisher.on("room/temp").back().expiry, seconds{1});
}

TEST_F(DeliveryTrackerTest, AnOutageArrivesCompleteInOrderAndOnlyWithItsOwnTime) {
    boot();
    start(seconds{1});
    loop->advance(seconds{5});
    const std::size_t plainBefore = plain();
    disconnect();
    loop->advance(seconds{1000});
    expectBalance();
    EXPECT_EQ(journal->health().queuedReadings, 1000U);
    connect();
    stop();
    loop->advance(seconds{60});

    const auto seqs = backlogSeqs();
    ASSERT_EQ(seqs.size(), 1000U);
    for (std::size_t i = 0; i < seqs.size(); ++i) EXPECT_EQ(seqs[i], static_cast<std::int64_t>(i) + 7);
    EXPECT_EQ(plain(), plainBefore + 1000) << "the fake records what was tried while disconnected, and no more";
    EXPECT_EQ(journal->health().queuedReadings, 0U);
    EXPECT_EQ(telemetry->counters().backlogDelivered, 1000U);
}

TEST_F(DeliveryTrackerTest, TheBacklogLeavesAtABoundedRateAndBehindLiveReadings) {
    boot();
    start(seconds{1});
    disconnect();
    loop->advance(seconds{200});
    connect();
    loop->advance(seconds{2});

    EXPECT_LE(backlogSeqs().size(), 60U);
    EXPECT_GE(backlogSeqs().size(), 40U);
    for (const auto& sent : publisher.sent) {
        const bool isBacklog = sent.publication.topic.ends_with("/backlog");
        const bool isLive = sent.publication.topic == "room/temp";
        EXPECT_TRUE(!isBacklog || sent.priority == Priority::kBacklog);
        EXPECT_TRUE(!isLive || sent.priority == Priority::kLive);
    }
}

TEST_F(DeliveryTrackerTest, AnOutageSurvivesARestart) {
    boot();
    start(seconds{1});
    disconnect();
    loop->advance(seconds{120});
    stop();
    bool isClosed = false;
    journal->close([&] { isClosed = true; });
    loop->runPending();
    ASSERT_TRUE(isClosed);
    boot();
    connect();
    loop->advance(seconds{30});

    EXPECT_EQ(backlogSeqs().size(), 120U);
}

TEST_F(DeliveryTrackerTest, AReadingThatTheBrokerDeniesIsNotDelivered) {
    boot();
    publisher.outcome = Delivery::kDenied;
    start(seconds{10});

    EXPECT_EQ(telemetry->counters().delivered, 0U);
    EXPECT_EQ(telemetry->counters().journaled, 1U);
    expectBalance();
}

TEST_F(DeliveryTrackerTest, AnInterruptedBacklogContinuesWithTheNextConnection) {
    boot();
    start(seconds{1});
    disconnect();
    loop->advance(seconds{30});
    stop();
    publisher.outcome.reset();  // nothing is acknowledged until the connection is cut
    connect();
    loop->advance(seconds{1});
    ASSERT_GT(backlogSeqs().size(), 0U);
    disconnect();
    publisher.outcome = Delivery::kDelivered;
    connect();
    loop->advance(seconds{10});

    EXPECT_EQ(journal->health().queuedReadings, 0U);
    expectBalance();
}

TEST_F(DeliveryTrackerTest, ADeniedBacklogIsKeptAndDoesNotSpin) {
    boot();
    start(seconds{1});
    disconnect();
    loop->advance(seconds{30});
    stop();
    publisher.outcome = Delivery::kDenied;
    connect();
    loop->advance(seconds{60});
    EXPECT_LE(backlogSeqs().size(), 10U);

    publisher.outcome = Delivery::kDelivered;
    disconnect();
    connect();
    loop->advance(seconds{60});
    EXPECT_EQ(telemetry->counters().backlogDelivered, 30U);
}

TEST_F(DeliveryTrackerTest, WithoutABaseTopicLateReadingsAreDroppedAndCounted) {
    config.topics.base = "";
    boot();
    start(seconds{1});
    disconnect();
    loop->advance(seconds{10});
    connect();
    loop->advance(seconds{60});

    EXPECT_EQ(telemetry->counters().dropped, 10U);
    EXPECT_EQ(backlogSeqs().size(), 0U);
    expectBalance();
}

TEST_F(DeliveryTrackerTest, AllReadingsAreKeptWhereTheConfigurationSaysSo) {
    config.journal.readings = KeepReadings::kAll;
    boot();
    start(seconds{1});
    loop->advance(seconds{100});

    EXPECT_EQ(journal->health().queuedReadings, 0U) << "they are history, not backlog";
    EXPECT_EQ(telemetry->counters().delivered, 101U);
}

TEST_F(DeliveryTrackerTest, PlainReadingsAreNotRetainedAndHaveTheConfiguredQos) {
    config.mqtt.qos = 2;
    boot();
    start();

    EXPECT_TRUE(publisher.on("room/temp").back().retain == Retain::kNo);
    EXPECT_TRUE(publisher.on("room/temp").back().qos == Qos::kExactlyOnce);
    EXPECT_TRUE(publisher.on("edge/pi/sensor/room").back().qos == Qos::kExactlyOnce);
}

}  // namespace
}  // namespace edge
