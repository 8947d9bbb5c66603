// SPDX-License-Identifier: MIT
#include <nlohmann/json.hpp>

#include "telemetry_fixture.hpp"

namespace edge {
namespace {

using Json = nlohmann::json;

using TelemetryTest = TelemetryFixture;

TEST_F(TelemetryTest, PublishesNothingUntilItIsStarted) {
    boot();
    loop->advance(std::chrono::hours{1});

    EXPECT_EQ(plain(), 0U);
    EXPECT_EQ(last("edge/pi/publishing"), "OFF");
    EXPECT_FALSE(telemetry->isPublishing());
}

TEST_F(TelemetryTest, StartPublishesAtOnceAndEveryInterval) {
    boot();
    start();

    EXPECT_EQ(plain(), 1U);
    EXPECT_EQ(last("edge/pi/publishing"), "ON");
    loop->advance(seconds{20});
    EXPECT_EQ(plain(), 11U);
    EXPECT_EQ(countOn("edge/pi/sensor/room"), 11U);
}

TEST_F(TelemetryTest, KeepsItsScheduleOverTenThousandIntervals) {
    boot();
    start(milliseconds{100});
    const std::size_t first = plain();
    loop->advance(milliseconds{100} * 10'000);

    EXPECT_EQ(plain(), first + 10'000);
}

TEST_F(TelemetryTest, AJumpOfTheClockChangesNothing) {
    boot();
    start();
    loop->manualClock().wall += std::chrono::hours{24 * 365 * 10};
    loop->advance(seconds{10});
    loop->manualClock().wall -= std::chrono::hours{24 * 365 * 40};
    loop->advance(seconds{10});

    EXPECT_EQ(plain(), 11U);
}

TEST_F(TelemetryTest, ASlowReadSkipsTurnsAndDoesNotBunchUp) {
    auto& part = parts.front();
    part.strand = std::make_shared<ManualLoop>();
    boot();
    part.strand->runPending();
    loop->runPending();
    start(milliseconds{100});
    part.strand->runPending();
    loop->runPending();
    ASSERT_EQ(plain(), 1U);

    loop->advance(milliseconds{1050});  // ten turns, one read that does not return
    EXPECT_EQ(plain(), 1U);
    part.strand->runPending();
    loop->runPending();
    EXPECT_EQ(plain(), 2U);
    EXPECT_EQ(part.sensor->reads, 3);

    loop->advance(milliseconds{60});  // the next turn is where it always would have been
    part.strand->runPending();
    loop->runPending();
    EXPECT_EQ(plain(), 3U);
}

TEST_F(TelemetryTest, ASensorThatBlocksDelaysNoOther) {
    parts.front().strand = std::make_shared<ManualLoop>();
    addSensor("cpu");
    boot();
    start(milliseconds{500});
    loop->advance(seconds{10});

    EXPECT_EQ(countOn("edge/pi/sensor/cpu"), 21U);
    EXPECT_EQ(plain(), 0U);
}

TEST_F(TelemetryTest, ASensorThatDoesNotAnswerIsAFaultOnceAndItsLateValueIsDropped) {
    auto& part = parts.front();
    part.strand = std::make_shared<ManualLoop>();
    part.sensor->whileReading = [this] { loop->advance(seconds{30}); };
    boot();
    start();
    part.strand->runPending();
    part.sensor->whileReading = {};

    EXPECT_EQ(last("edge/pi/sensor/room/status"), "offline");
    EXPECT_EQ(countOn("edge/pi/sensor/room/status"), 1U);
    loop->runPending();
    EXPECT_EQ(plain(), 0U);
    loop->advance(seconds{2});
    part.strand->runPending();
    loop->runPending();
    EXPECT_EQ(plain(), 1U);
    EXPECT_EQ(last("edge/pi/sensor/room/status"), "online");
}

TEST_F(TelemetryTest, ASensorThatWaitsForAThreadIsNoFaultUntilItsTurnIsOverdue) {
    auto& part = parts.front();
    part.strand = std::make_shared<ManualLoop>();
    boot();
    start();

    loop->advance(SensorChannel::kStartLimit - seconds{1});
    EXPECT_EQ(countOn("edge/pi/sensor/room/status"), 0U);
    loop->advance(seconds{1});
    EXPECT_EQ(last("edge/pi/sensor/room/status"), "offline");
}

TEST_F(TelemetryTest, TheTimeToAnswerBeginsWhenASensorHasAThread) {
    auto& part = parts.front();
    part.strand = std::make_shared<ManualLoop>();
    part.sensor->whileReading = [this] { loop->advance(SensorChannel::kAnswerLimit - seconds{1}); };
    boot();
    start();

    loop->advance(SensorChannel::kAnswerLimit - seconds{1});
    part.strand->runPending();
    loop->runPending();

    EXPECT_EQ(plain(), 1U);
    EXPECT_EQ(last("edge/pi/sensor/room/status"), "online");
}

TEST_F(TelemetryTest, AnotherQuantityOrChannelIsAnotherSensor) {
    boot();
    start();
    const int before = made;
    reload([this] { parts[0].config.quantity = Quantity::kHumidity; });
    EXPECT_EQ(made, before + 1);
    reload([this] { parts[0].config.channel = "voltage1"; });
    EXPECT_EQ(made, before + 2);
    reload([this] { parts[0].config.max = 90.0; });
    EXPECT_EQ(made, before + 2);
}

TEST_F(TelemetryTest, AReadThatFailsForAMomentIsRepeatedWithinTheInterval) {
    boot();
    start(seconds{4});
    const std::size_t before = plain();
    FakeSensor& sensor = *parts.front().sensor;
    const int reads = sensor.reads;

    sensor.value = fail(Errc::kIo, "no answer");
    loop->advance(seconds{4});
    EXPECT_EQ(plain(), before);
    EXPECT_EQ(last("edge/pi/sensor/room/status"), "online");
    sensor.value = 22.0;
    loop->advance(seconds{1});

    EXPECT_EQ(plain(), before + 1);
    EXPECT_EQ(sensor.reads, reads + 2);
    EXPECT_EQ(telemetry->sensors().front().faults, 0U);
    loop->advance(seconds{3});
    EXPECT_EQ(plain(), before + 2) << "the schedule did not move";
}

TEST_F(TelemetryTest, AReadThatGoesOnFailingIsOneFaultAndNoOldValue) {
    boot();
    start(seconds{4});
    const std::size_t before = plain();
    FakeSensor& sensor = *parts.front().sensor;
    const int reads = sensor.reads;

    sensor.value = fail(Errc::kIo, "no answer");
    loop->advance(milliseconds{7900});

    EXPECT_EQ(sensor.reads, reads + 1 + SensorChannel::kRetries);
    EXPECT_EQ(telemetry->sensors().front().faults, 1U);
    EXPECT_EQ(last("edge/pi/sensor/room/status"), "offline");
    EXPECT_EQ(plain(), before);
}

TEST_F(TelemetryTest, ASensorMayHaveAnIntervalOfItsOwn) {
    addSensor("cpu").config.interval = seconds{10};
    boot();
    start(seconds{1});
    loop->advance(seconds{30});

    EXPECT_EQ(plain(), 31U);
    EXPECT_EQ(countOn("edge/pi/sensor/cpu"), 4U);
}

TEST_F(TelemetryTest, StartAgainPublishesNowAndKeepsTheSchedule) {
    boot();
    start();
    loop->advance(milliseconds{1500});
    start();
    EXPECT_EQ(plain(), 2U);

    loop->advance(milliseconds{500});
    EXPECT_EQ(plain(), 3U);
    loop->advance(seconds{4});
    EXPECT_EQ(plain(), 5U);
}

TEST_F(TelemetryTest, StartWithoutAnIntervalGoesBackToTheConfiguredOne) {
    boot();
    start(milliseconds{100});
    start();
    const std::size_t before = plain();
    loop->advance(seconds{4});

    EXPECT_EQ(plain(), before + 2);
}

TEST_F(TelemetryTest, TheReportOfStartNamesEverySensorAndWhatIsWrong) {
    addSensor("cpu").sensor->value = fail(Errc::kNotFound, "there is no thermal zone \"cpu\"");
    boot();
    const Json report = Json::parse(start(milliseconds{2500}));

    EXPECT_EQ(report["interval"], "2500ms");
    ASSERT_EQ(report["sensors"].size(), 2U);
    EXPECT_EQ(report["sensors"][0]["name"], "room");
    EXPECT_EQ(report["sensors"][0]["status"], "online");
    EXPECT_EQ(report["sensors"][1]["status"], "offline");
    EXPECT_EQ(report["sensors"][1]["error"], "there is no thermal zone \"cpu\"");
}

TEST_F(TelemetryTest, TheReportOfStartWaitsForASlowSensorButNotForAHungOne) {
    parts.front().strand = std::make_shared<ManualLoop>();
    boot();
    std::string report;
    telemetry->start(std::nullopt, [&](std::string text) { report = std::move(text); });
    loop->runPending();
    EXPECT_EQ(report, "");

    loop->advance(Telemetry::kStartReportLimit);
    EXPECT_EQ(Json::parse(report)["sensors"][0]["status"], "unknown");
}

TEST_F(TelemetryTest, NothingLeavesAfterStop) {
    auto& part = parts.front();
    part.strand = std::make_shared<ManualLoop>();
    boot();
    start();  // the read is under way
    EXPECT_TRUE(stop());
    part.strand->runPending();
    loop->advance(std::chrono::hours{1});
    part.strand->runPending();
    loop->runPending();

    EXPECT_EQ(plain(), 0U);
    EXPECT_EQ(countOn("edge/pi/sensor/room"), 0U);
    EXPECT_EQ(last("edge/pi/publishing"), "OFF");
}

TEST_F(TelemetryTest, StopIsDoneWhenTheLastReadingHasArrived) {
    boot();
    publisher.outcome.reset();
    start();
    EXPECT_FALSE(stop());
    bool isDone = false;
    telemetry->stop([&] { isDone = true; });
    publisher.finishAll(Delivery::kDelivered);
    loop->runPending();

    EXPECT_TRUE(isDone);
    expectBalance();
}

TEST_F(TelemetryTest, StopAnswersAStartThatStillWaits) {
    parts.front().strand = std::make_shared<ManualLoop>();
    boot();
    std::string report;
    telemetry->start(std::nullopt, [&](std::string text) { report = std::move(text); });
    stop();

    EXPECT_NE(report, "");
}

TEST_F(TelemetryTest, GoesOnAfterARestartWithTheSameInterval) {
    boot();
    start(milliseconds{500});
    boot();

    EXPECT_TRUE(telemetry->isPublishing());
    const std::size_t before = plain();
    loop->advance(seconds{5});
    EXPECT_EQ(plain(), before + 10);
}

TEST_F(TelemetryTest, StaysStoppedAfterARestart) {
    boot();
    start();
    stop();
    boot();
    const std::size_t before = plain();
    loop->advance(seconds{60});

    EXPECT_EQ(plain(), before);
}

TEST_F(TelemetryTest, AShutdownIsNotAStop) {
    boot();
    start();
    telemetry->shutDown([] {});
    loop->runPending();
    boot();

    EXPECT_TRUE(telemetry->isPublishing());
}

TEST_F(TelemetryTest, OnBootOverridesTheSavedState) {
    boot();
    start();
    config.telemetry.onBoot = OnBoot::kStop;
    boot();
    EXPECT_FALSE(telemetry->isPublishing());

    config.telemetry.onBoot = OnBoot::kStart;
    boot();
    EXPECT_TRUE(telemetry->isPublishing());
}

TEST_F(TelemetryTest, AFaultIsNeverAReading) {
    boot();
    parts.front().sensor->answers = {fail(Errc::kFault, "85 °C is what it says before its first measurement"),
                                     Result<double>(1000.0), Result<double>(-300.0), Result<double>(20.0)};
    start(seconds{1});
    EXPECT_EQ(plain(), 0U);
    EXPECT_EQ(last("edge/pi/sensor/room/status"), "offline");
    loop->advance(seconds{2});
    EXPECT_EQ(plain(), 0U);
    EXPECT_EQ(telemetry->sensors().front().faults, 3U);

    loop->advance(seconds{1});
    EXPECT_EQ(last("room/temp"), "20");
    EXPECT_EQ(last("edge/pi/sensor/room/status"), "online");
}

TEST_F(TelemetryTest, ScaleAndOffsetComeBeforeTheRange) {
    parts.front().config.scale = 0.001;
    parts.front().config.offset = -1.0;
    parts.front().sensor->value = 22'500.0;
    boot();
    start();

    EXPECT_EQ(last("room/temp"), "22");
}

TEST_F(TelemetryTest, ReadsSensorsWhileNothingIsPublished) {
    boot();
    EXPECT_EQ(last("edge/pi/sensor/room/status"), "online");
    parts.front().sensor->value = fail(Errc::kNotFound, "gone");
    loop->advance(SensorChannel::kIdleInterval);
    EXPECT_EQ(last("edge/pi/sensor/room/status"), "offline");
    parts.front().sensor->value = 20.0;
    loop->advance(SensorChannel::kIdleInterval);
    EXPECT_EQ(last("edge/pi/sensor/room/status"), "online");

    EXPECT_EQ(plain(), 0U);
}

TEST_F(TelemetryTest, PublishesStatesOnEveryConnection) {
    boot();
    publisher.disconnect();
    publisher.connect();
    const std::size_t before = countOn("edge/pi/publishing");
    telemetry->publishSwitch();
    telemetry->onConnected();

    EXPECT_EQ(countOn("edge/pi/publishing"), before + 1);
    EXPECT_TRUE(publisher.on("edge/pi/sensor/room/status").back().retain == Retain::kYes);
}

TEST_F(TelemetryTest, StatusRepeatsTheLastReadingWithItsOwnTimeButNotOnThePlainTopic) {
    boot();
    start();
    const auto reading = last("edge/pi/sensor/room");
    stop();
    loop->advance(seconds{100});
    telemetry->republish();

    EXPECT_EQ(countOn("edge/pi/sensor/room"), 2U);
    EXPECT_EQ(last("edge/pi/sensor/room"), reading);
    EXPECT_EQ(plain(), 1U);
}

TEST_F(TelemetryTest, ASlowSensorsReadingIsRepeatedForANewSubscriber) {
    boot();
    start(std::chrono::hours{1});
    const auto reading = last("edge/pi/sensor/room");
    loop->advance(std::chrono::minutes{50});
    telemetry->repeatReadings();

    EXPECT_EQ(countOn("edge/pi/sensor/room"), 2U);
    EXPECT_EQ(last("edge/pi/sensor/room"), reading);
    EXPECT_EQ(plain(), 1U) << "which carries no time";
}

TEST_F(TelemetryTest, AReadingOfAnOutageIsRepeatedWhenTheBrokerIsBack) {
    boot();
    publisher.disconnect();
    start(std::chrono::hours{1});
    publisher.connect();
    const std::size_t before = countOn("edge/pi/sensor/room");
    telemetry->repeatReadings();

    EXPECT_EQ(countOn("edge/pi/sensor/room"), before + 1);
}

TEST_F(TelemetryTest, AFastSensorsReadingIsNotRepeated) {
    boot();
    start(SensorChannel::kSlow);
    telemetry->repeatReadings();

    EXPECT_EQ(countOn("edge/pi/sensor/room"), 1U);
}

TEST_F(TelemetryTest, AReadingThatIsNoLongerTrueIsNotRepeated) {
    boot();
    start(std::chrono::hours{1});
    stop();
    telemetry->repeatReadings();
    EXPECT_EQ(countOn("edge/pi/sensor/room"), 1U) << "stopped";

    start(std::chrono::hours{1});
    parts.front().sensor->value = fail(Errc::kNotFound, "gone");
    loop->advance(std::chrono::hours{1});
    telemetry->repeatReadings();
    EXPECT_EQ(countOn("edge/pi/sensor/room"), 2U) << "offline";
}

TEST_F(TelemetryTest, SequenceNumbersHaveNoGaps) {
    addSensor("cpu");
    boot();
    start(seconds{1});
    loop->advance(seconds{20});

    std::int64_t seq = 0;
    for (const Publication& reading : publisher.on("edge/pi/sensor/cpu")) {
        const Json json = Json::parse(reading.payload);
        EXPECT_EQ(json["seq"], ++seq);
        EXPECT_EQ(json["boot"], kRun);
    }
    EXPECT_EQ(seq, 21);
}

TEST_F(TelemetryTest, SendsTheBacklogWhenTheConnectionIsBackBeforeTheReadingsThatItFetched) {
    boot();
    start();
    publisher.disconnect();
    telemetry->onDisconnected();
    loop->advance(seconds{20});
    stop();
    const auto queued = journal->health().queuedReadings;
    ASSERT_GT(queued, 0U);

    publisher.connect();
    telemetry->onConnected();
    publisher.disconnect();
    telemetry->onDisconnected();
    loop->post([&] {
        publisher.connect();
        telemetry->onConnected();
    });
    loop->advance(seconds{20});

    EXPECT_EQ(telemetry->counters().backlogDelivered, queued);
}

TEST_F(TelemetryTest, AnswersStartWithoutSensors) {
    parts.clear();
    boot();

    EXPECT_EQ(Json::parse(start())["sensors"].size(), 0U);
}

TEST_F(TelemetryTest, AReloadThatDoesNotConcernItDisturbsNothing) {
    boot();
    start();
    loop->advance(seconds{1});
    const int reads = parts.front().sensor->reads;
    const std::size_t sent = publisher.sent.size();
    reload([this] { config.image.quality = 50; });

    EXPECT_EQ(made, 1);
    EXPECT_EQ(parts.front().sensor->reads, reads);
    EXPECT_EQ(publisher.sent.size(), sent);
    loop->advance(seconds{1});
    EXPECT_EQ(plain(), 2U) << "the schedule is the one from before";
}

TEST_F(TelemetryTest, AReloadWithAnotherIntervalGoesOnCounting) {
    boot();
    start();
    loop->advance(seconds{4});
    ASSERT_EQ(plain(), 3U);
    reload([this] { config.telemetry.interval = milliseconds{500}; });
    loop->advance(seconds{1});

    EXPECT_TRUE(telemetry->isPublishing());
    EXPECT_EQ(telemetry->publishingInterval(), milliseconds{500});
    EXPECT_EQ(plain(), 6U);
    EXPECT_EQ(Json::parse(*last("edge/pi/sensor/room"))["seq"], 6);
    EXPECT_EQ(made, 1);
}

TEST_F(TelemetryTest, AReloadLeavesAnIntervalThatWasCommanded) {
    boot();
    start(seconds{1});
    reload([this] { config.telemetry.interval = milliseconds{100}; });
    loop->advance(seconds{3});

    EXPECT_EQ(plain(), 4U);
}

TEST_F(TelemetryTest, AReloadStartsNothingThatWasStopped) {
    config.telemetry.onBoot = OnBoot::kStart;
    boot();
    stop();
    const std::size_t before = plain();
    reload([this] { addSensor("cpu", "cpu/temp"); });
    loop->advance(seconds{10});

    EXPECT_EQ(plain(), before);
    EXPECT_EQ(countOn("cpu/temp"), 0U);
    EXPECT_EQ(last("edge/pi/sensor/cpu/status"), "online") << "it is looked at all the same";
}

TEST_F(TelemetryTest, AReloadChangesOneSensorAndLeavesTheOthers) {
    addSensor("cpu", "cpu/temp");
    boot();
    start();
    loop->advance(seconds{1});
    const int cpuReads = parts[1].sensor->reads;
    reload([this] { parts[0].config.topic = "lab/temp"; });
    EXPECT_EQ(parts[1].sensor->reads, cpuReads);
    EXPECT_EQ(made, 2) << "another topic is no other sensor";
    loop->advance(seconds{1});

    EXPECT_EQ(plain(), 1U);
    EXPECT_EQ(countOn("lab/temp"), 1U);
    EXPECT_EQ(countOn("cpu/temp"), 2U);
}

TEST_F(TelemetryTest, AReloadAppliesTheRangeToTheNextReading) {
    boot();
    start();
    reload([this] { parts[0].config.max = 20.0; });
    loop->advance(seconds{2});

    EXPECT_EQ(plain(), 1U);
    EXPECT_EQ(last("edge/pi/sensor/room/status"), "offline");
    EXPECT_EQ(made, 1);
}

TEST_F(TelemetryTest, AReloadReplacesASensorThatIsAnotherDevice) {
    boot();
    start();
    loop->advance(seconds{2});
    reload([this] {
        parts[0].config.device = "28-000000000002";
        parts[0].sensor = std::make_shared<FakeSensor>();
        parts[0].sensor->value = 5.0;
    });

    EXPECT_EQ(made, 2);
    EXPECT_EQ(plain(), 3U) << "read at once";
    const Json reading = Json::parse(*last("edge/pi/sensor/room"));
    EXPECT_EQ(reading["value"], 5.0);
    EXPECT_EQ(reading["seq"], 3) << "no two readings of a name have one number";
}

TEST_F(TelemetryTest, ASensorThatComesBackGoesOnCounting) {
    addSensor("cpu");
    boot();
    start();
    const Part cpu = parts.back();
    reload([this] { parts.pop_back(); });
    loop->advance(seconds{10});
    EXPECT_EQ(telemetry->sensors().size(), 1U);
    EXPECT_EQ(countOn("edge/pi/sensor/cpu"), 1U);
    reload([&] { parts.push_back(cpu); });

    EXPECT_EQ(Json::parse(*last("edge/pi/sensor/cpu"))["seq"], 2);
}

TEST_F(TelemetryTest, AReloadAnswersAStartThatWaitsForASensor) {
    parts.front().strand = std::make_shared<ManualLoop>();
    boot();
    std::string report;
    telemetry->start(std::nullopt, [&](std::string text) { report = std::move(text); });
    loop->runPending();
    ASSERT_EQ(report, "");
    reload([this] { parts.clear(); });

    EXPECT_NE(report, "");
    parts.clear();
    loop->advance(seconds{10});
}

TEST_F(TelemetryTest, AReloadPublishesUnderANewBase) {
    boot();
    start();
    reload([this] { config.topics.base = "edge/other"; });
    loop->advance(seconds{2});

    EXPECT_EQ(countOn("edge/pi/sensor/room"), 1U);
    EXPECT_EQ(countOn("edge/other/sensor/room"), 1U);
}

}  // namespace
}  // namespace edge
