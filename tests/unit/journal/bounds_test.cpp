// SPDX-License-Identifier: MIT
#include <filesystem>

#include <fmt/core.h>

#include "journal_fixture.hpp"

namespace edge {
namespace {

using BoundsTest = JournalFixture;
namespace fs = std::filesystem;
using std::chrono::hours;

std::uintmax_t bytesOf(const std::string& path) {
    return fs::file_size(path) + fs::file_size(path + "-wal");
}

TEST_F(BoundsTest, StaysUnderItsSizeWhateverComes) {
    config.maxSizeBytes = 4 << 20;
    ASSERT_TRUE(start());
    journal->saveState("publishing", "ON", {});
    std::uint64_t seq = 0;
    std::uintmax_t largest = 0;
    for (int round = 0; round < 400; ++round) {
        for (int i = 0; i < 200; ++i) journal->record(reading(++seq));
        for (int i = 0; i < 3; ++i) journal->record(command(std::string(10'000, 'x')), {});
        journal->record(EventRecord{loop->clock().wallNow(), "offline", std::string(300, 'e')});
        journal->record(TransactionRecord{{}, fmt::format("{}", round), std::string(500, 'r')}, {});
        settle();
        largest = std::max(largest, bytesOf(config.path));
    }

    EXPECT_LE(largest, 4U << 20);
    EXPECT_GT(largest, 2U << 20) << "most of what is allowed stands empty";
    const auto rows = fileRows<ReadingRecord>();
    EXPECT_EQ(rows.back().seq, seq) << "it is the oldest that goes";
    EXPECT_EQ(rows.size() + journal->health().droppedReadings, seq) << "every reading is there or counted";
    EXPECT_EQ(journal->health().queuedReadings, rows.size());
    EXPECT_GT(rows.size(), 8'000U) << "the commands took the share of the readings";
    EXPECT_GT(fileRows<CommandRecord>().size(), 30U) << "the readings took the share of the commands";
    EXPECT_EQ(fetch(1).at(0).seq, rows.front().seq);
    const auto snapshot = start();
    EXPECT_EQ(snapshot->state.at("publishing"), "ON");
    EXPECT_EQ(snapshot->transactions.size(), 256U);
}

std::int64_t transactionsIn(const std::string& path) {
    return *Database::open(path, Access::kReader)->integer("SELECT count(*) FROM transactions");
}

TEST_F(BoundsTest, TheFileHasFewMoreTransactionsThanAreKept) {
    int next = 0;
    for (int life = 0; life < 20; ++life) {
        ASSERT_TRUE(start());
        for (int i = 0; i < 30; ++i) {
            journal->record(TransactionRecord{{}, fmt::format("{}", ++next), "reply"}, {});
            settle();
            ASSERT_LE(transactionsIn(config.path), 256 + 64) << next;
        }
    }
    EXPECT_GE(transactionsIn(config.path), 256);
}

TEST_F(BoundsTest, StaysSmallWithTheSmallestSize) {
    config.maxSizeBytes = 1 << 20;
    ASSERT_TRUE(start());
    for (int round = 0; round < 300; ++round) {
        for (int i = 0; i < 10; ++i) journal->record(command(std::string(10'000, 'x')), {});
        settle();
        ASSERT_LE(bytesOf(config.path), 1'600'000U) << round;
    }
}

TEST_F(BoundsTest, FollowsASizeThatWasMadeSmaller) {
    config.maxSizeBytes = 16 << 20;
    ASSERT_TRUE(start());
    for (int i = 0; i < 40'000; ++i) {
        journal->record(reading(static_cast<std::uint64_t>(i) + 1));
        if (i % 5'000 == 0) settle();
    }
    for (int i = 0; i < 3'000; ++i) {
        journal->record(command(std::string(2'000, 'x')), {});
        if (i % 500 == 0) settle();
    }
    stop();
    ASSERT_GT(fs::file_size(config.path), 7U << 20);

    config.maxSizeBytes = 4 << 20;
    ASSERT_TRUE(start());
    for (int i = 0; i < 60; ++i) {
        journal->record(command("start"), {});
        settle();
    }

    stop();

    EXPECT_LT(bytesOf(config.path), 4U << 20);
}

TEST_F(BoundsTest, RemovesRowsThatAreTooOldAndCountsTheReadings) {
    config.maxAge = hours{24};
    ASSERT_TRUE(start());
    recordReadings(1, 64);
    journal->record(command("old"), {});
    loop->advance(hours{23});
    journal->record(command("young"), {});
    loop->advance(hours{2});
    journal->record(command("new"), {});
    settle();

    const auto rows = fileRows<CommandRecord>();
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].payload, "young");
    EXPECT_EQ(journal->health().droppedReadings, 64U);
    EXPECT_EQ(journal->health().queuedReadings, 0U);
    EXPECT_TRUE(fetch(10).empty());
}

TEST_F(BoundsTest, AClockThatJumpsRemovesNothing) {
    config.maxAge = hours{24};
    ASSERT_TRUE(start());
    journal->record(command("first"), {});
    settle();
    const WallTime right = loop->manualClock().wall;
    for (const hours jump : {hours{24 * 365 * 12}, hours{-24 * 365 * 50}, hours{1}, hours{-1}}) {
        loop->manualClock().wall = right + jump;
        loop->advance(hours{1});
        journal->record(command("after a jump"), {});
        loop->advance(hours{1});
        journal->record(command("later"), {});
        settle();
    }

    EXPECT_EQ(fileRows<CommandRecord>().size(), 9U);
}

TEST_F(BoundsTest, RowsOfAnUnsynchronisedClockAreNotJudgedByIt) {
    config.maxAge = hours{24};
    loop->manualClock().state = ClockState::kUnsynchronised;
    loop->manualClock().wall = WallTime{};  // 1970, as a Pi starts without network
    ASSERT_TRUE(start());
    journal->record(command("before the clock was set"), {});
    settle();
    loop->manualClock().wall = WallTime{hours{24 * 365 * 56}};
    loop->advance(hours{1});
    journal->record(command("unsynchronised"), {});
    settle();
    loop->manualClock().state = ClockState::kSynchronised;
    for (int i = 0; i < 3; ++i) {
        loop->advance(hours{1});
        journal->record(command("synchronised"), {});
        settle();
    }

    EXPECT_EQ(fileRows<CommandRecord>().size(), 5U);
}

TEST_F(BoundsTest, AReadingPrunedWhileInFlightIsCountedOnlyWhenNacked) {
    config.maxAge = hours{24};
    ASSERT_TRUE(start());
    recordReadings(1, 64);
    settle();
    const auto fetched = fetch(2);
    journal->record(command("anchors the clock"), {});
    loop->advance(hours{25});
    journal->record(command("prunes"), {});
    settle();
    EXPECT_EQ(journal->health().droppedReadings, 62U);

    journal->ack(fetched.at(0).id);
    journal->nack(fetched.at(1).id);

    EXPECT_EQ(journal->health().droppedReadings, 63U);
    EXPECT_EQ(journal->health().queuedReadings, 0U);
}

}  // namespace
}  // namespace edge
