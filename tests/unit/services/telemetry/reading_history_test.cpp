// SPDX-License-Identifier: MIT
#include "services/telemetry/reading_history.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "fakes/fake_publisher.hpp"
#include "fakes/held_executor.hpp"
#include "fakes/manual_loop.hpp"
#include "fakes/temp_dir.hpp"

namespace edge {
namespace {

class ReadingHistoryTest : public ::testing::Test {
  protected:
    using Json = nlohmann::json;

    ReadingHistoryTest() {
        config.topics.base = "edge/pi";
        config.journal.path = dir.file("journal.db");
        config.journal.readings = KeepReadings::kAll;
        journal = std::make_unique<Journal>(*loop, loop, config.journal, std::string(32, 'b'));
        journal->open([](const Result<JournalSnapshot>&) {});
        loop->runPending();
        history = std::make_unique<ReadingHistory>(ServiceContext{*loop, publisher, *journal, config}, strand);
    }
    void record(const std::string& sensor, int count) {
        for (int i = 0; i < count; ++i) {
            ReadingRecord reading;
            reading.time = kStart + seconds{i};
            reading.sensor = sensor;
            reading.value = i;
            reading.seq = static_cast<std::uint64_t>(i) + 1;
            reading.delivered = true;
            journal->record(reading);
        }
    }
    Json list(const CommandOptions& options = {}) {
        history->list({"readings", options}, [this](Outcome outcome) { outcomes.push_back(std::move(outcome)); });
        loop->advance(Journal::kCommitPause);
        return outcomes.empty() || !outcomes.back().ok ? Json() : Json::parse(outcomes.back().data);
    }

    static constexpr WallTime kStart{seconds{1'790'000'000}};
    TempDir dir;
    Config config;
    std::shared_ptr<ManualLoop> loop = std::make_shared<ManualLoop>();
    std::shared_ptr<Executor> strand = loop;
    FakePublisher publisher{*loop};
    std::unique_ptr<Journal> journal;
    std::unique_ptr<ReadingHistory> history;
    std::vector<Outcome> outcomes;
};

TEST_F(ReadingHistoryTest, ListsTheLastOnesNewestFirst) {
    record("room", 30);
    const Json data = list();
    ASSERT_EQ(data["readings"].size(), 20U) << "also those that were in memory only";
    EXPECT_EQ(data["more"], true);
    EXPECT_EQ(data["readings"][0]["sensor"], "room");
    EXPECT_EQ(data["readings"][0]["value"], 29);
    EXPECT_EQ(data["readings"][0]["unit"], "°C");
    EXPECT_EQ(data["readings"][0]["seq"], 30);
    EXPECT_EQ(data["readings"][0]["time"], formatRfc3339(kStart + seconds{29}));
    EXPECT_EQ(data["readings"][0]["boot"], std::string(32, 'b'));
}

TEST_F(ReadingHistoryTest, ListsOneSensorInATimeSpan) {
    record("room", 30);
    record("cpu", 5);
    CommandOptions options;
    options.last = 1000;
    options.sensor = "cpu";
    EXPECT_EQ(list(options)["readings"].size(), 5U);
    EXPECT_EQ(list(options)["more"], false);
    options.sensor = "room";
    options.since = kStart + seconds{10};
    options.until = kStart + seconds{12};
    const Json data = list(options);
    ASSERT_EQ(data["readings"].size(), 2U);
    EXPECT_EQ(data["readings"][0]["value"], 11);
    EXPECT_EQ(data["readings"][1]["value"], 10);
    options.sensor = "' OR 1=1 --";
    EXPECT_EQ(list(options)["readings"].size(), 0U);
}

TEST_F(ReadingHistoryTest, IsNoLongerThanTheBrokerTakes) {
    record("room", 200);
    publisher.limit = 8192;
    CommandOptions options;
    options.last = 1000;
    const Json data = list(options);
    EXPECT_LT(outcomes.back().data.size(), 8192U);
    EXPECT_EQ(data["more"], true);
    EXPECT_EQ(data["readings"][0]["value"], 199);
}

TEST_F(ReadingHistoryTest, SaysThatTheJournalDoesNotKeepThem) {
    config.journal.readings = KeepReadings::kUndelivered;
    list();
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(outcomes[0].code, ReplyCode::kInvalidOption);
    EXPECT_NE(outcomes[0].error.find("journal.readings"), std::string::npos);
}

TEST_F(ReadingHistoryTest, OnlyAFewWait) {
    const auto held = std::make_shared<HeldExecutor>();
    history = std::make_unique<ReadingHistory>(ServiceContext{*loop, publisher, *journal, config}, held);
    record("room", 1);
    for (std::size_t i = 0; i < ReadingHistory::kMaxWaiting + 1; ++i) list();
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(outcomes[0].code, ReplyCode::kBusy);
    held->runAll();
    loop->runPending();
    EXPECT_EQ(outcomes.size(), ReadingHistory::kMaxWaiting + 1);
}

}  // namespace
}  // namespace edge
