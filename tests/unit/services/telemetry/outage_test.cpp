// SPDX-License-Identifier: MIT
// A day without the broker, in simulated time, over a real journal file whose writes are counted.
#include <iostream>

#include <nlohmann/json.hpp>

#include "fakes/vfs_layer.hpp"
#include "telemetry_fixture.hpp"

namespace edge {
namespace {

constexpr std::chrono::hours kDay{24};
constexpr seconds kInterval{10};
constexpr std::size_t kReadingsOfADay = kDay / kInterval;
constexpr std::uint64_t kBytesOfADay = 20'000'000;  // what a memory card is asked for at most

class CountingVfs : public VfsLayer {
  public:
    std::uint64_t bytes = 0;
    std::uint64_t syncs = 0;

  protected:
    Fault onWrite(std::string_view, std::string_view data, std::int64_t) override {
        bytes += data.size();
        return Fault::kNone;
    }
    Fault onSync(std::string_view) override {
        ++syncs;
        return Fault::kNone;
    }
};

class OutageTest : public TelemetryFixture {
  protected:
    OutageTest() { config.telemetry.interval = kInterval; }
    ~OutageTest() override {  // before the disk goes
        telemetry.reset();
        journal.reset();
    }

    [[nodiscard]] std::vector<std::uint64_t> numbersOn(const std::string& topic) const {
        std::vector<std::uint64_t> numbers;
        for (const Publication& message : publisher.on(topic))
            numbers.push_back(nlohmann::json::parse(message.payload)["seq"].get<std::uint64_t>());
        return numbers;
    }

    CountingVfs disk;
};

TEST_F(OutageTest, NothingIsWrittenWhileTheBrokerTakesEverything) {
    boot();
    start();
    loop->advance(kInterval);
    const std::uint64_t before = disk.bytes;
    loop->advance(std::chrono::hours{1});
    EXPECT_EQ(disk.bytes, before);
    EXPECT_EQ(telemetry->counters().delivered, 362U);
}

TEST_F(OutageTest, ADaysReadingsArriveCompleteAndOldestFirst) {
    boot();
    start();
    publisher.disconnect();
    telemetry->onDisconnected();
    publisher.sent.clear();
    const std::uint64_t before = disk.bytes;
    const std::uint64_t syncsBefore = disk.syncs;
    loop->advance(kDay);
    const std::uint64_t written = disk.bytes - before;
    RecordProperty("bytes_written", std::to_string(written));
    std::cout << written << " bytes written in a day, " << disk.syncs - syncsBefore << " syncs, "
              << written / kReadingsOfADay << " bytes a reading\n";
    EXPECT_LT(written, kBytesOfADay);
    EXPECT_LE(disk.syncs - syncsBefore, 2U * 24 * 60) << "more than a batch a minute";
    EXPECT_EQ(telemetry->counters().journaled, kReadingsOfADay);
    EXPECT_EQ(journal->health().queuedReadings, kReadingsOfADay);
    publisher.sent.clear();

    publisher.connect();
    telemetry->onConnected();
    // 20 a second: the day leaves within eight minutes, and meanwhile each live reading at its own time.
    loop->advance(std::chrono::minutes{8});
    std::vector<std::uint64_t> expected(kReadingsOfADay);
    for (std::size_t i = 0; i < kReadingsOfADay; ++i) expected[i] = i + 2;  // the first left before the outage
    EXPECT_EQ(numbersOn("edge/pi/sensor/room/backlog"), expected);
    EXPECT_EQ(numbersOn("edge/pi/sensor/room").size(), static_cast<std::size_t>(std::chrono::minutes{8} / kInterval));
    EXPECT_EQ(journal->health().queuedReadings, 0U);
    EXPECT_EQ(journal->health().droppedReadings, 0U);
    EXPECT_EQ(telemetry->counters().backlogDelivered, kReadingsOfADay);
    expectBalance();
}

TEST_F(OutageTest, TheBacklogLeavesAtABoundedRate) {
    boot();
    start();
    publisher.disconnect();
    telemetry->onDisconnected();
    loop->advance(std::chrono::hours{1});
    publisher.sent.clear();
    publisher.connect();
    telemetry->onConnected();
    for (std::size_t second = 1; second <= 10; ++second) {
        loop->advance(seconds{1});
        EXPECT_LE(countOn("edge/pi/sensor/room/backlog"), 20 * second + 10);
    }
    EXPECT_GE(countOn("edge/pi/sensor/room/backlog"), 150U);
}

TEST_F(OutageTest, ARestartInTheMiddleOfTheDayLosesNothing) {
    boot();
    start();
    publisher.disconnect();
    telemetry->onDisconnected();
    loop->advance(kDay / 2);
    const auto isDone = std::make_shared<bool>(false);
    telemetry->shutDown([isDone] { *isDone = true; });
    loop->runPending();
    ASSERT_TRUE(*isDone);
    journal->close([] {});
    loop->runPending();
    boot();  // publishing goes on
    loop->advance(kDay / 2);
    publisher.sent.clear();
    publisher.connect();
    telemetry->onConnected();
    loop->advance(std::chrono::minutes{8});
    EXPECT_EQ(journal->health().queuedReadings, 0U);
    EXPECT_EQ(journal->health().droppedReadings, 0U);
    EXPECT_EQ(countOn("edge/pi/sensor/room/backlog"), kReadingsOfADay + 1);  // one at once after the restart
}

}  // namespace
}  // namespace edge
