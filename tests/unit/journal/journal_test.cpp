// SPDX-License-Identifier: MIT
#include "journal/journal.hpp"

#include <algorithm>
#include <limits>

#include <fmt/core.h>

#include "journal_fixture.hpp"

namespace edge {
namespace {

using JournalTest = JournalFixture;
using Seqs = std::vector<std::uint64_t>;

TEST_F(JournalTest, KeepsStateAndTransactionsOverARestart) {
    ASSERT_TRUE(start());
    journal->saveState("publishing", "ON", {});
    journal->record(TransactionRecord{loop->clock().wallNow(), "key", ""}, {});
    settle();
    const WallTime second = loop->clock().wallNow();
    journal->record(TransactionRecord{second, "key", "{\"status\":\"ok\"}"}, {});
    journal->saveState("publishing", "OFF", {});
    settle();

    const auto snapshot = start();

    ASSERT_TRUE(snapshot);
    EXPECT_EQ(snapshot->warning, "");
    EXPECT_EQ(snapshot->state, (std::map<std::string, std::string>{{"publishing", "OFF"}}));
    ASSERT_EQ(snapshot->transactions.size(), 1U);
    EXPECT_EQ(snapshot->transactions[0].key, "key");
    EXPECT_EQ(snapshot->transactions[0].reply, "{\"status\":\"ok\"}");
    EXPECT_EQ(snapshot->transactions[0].time, second);
}

TEST_F(JournalTest, AnswersTheFirstAtOnceAndTheOthersTogether) {
    ASSERT_TRUE(start());
    loop->advance(seconds{1});
    std::vector<int> answered;
    journal->record(command("first"), [&] { answered.push_back(1); });
    loop->runPending();
    EXPECT_EQ(answered, (std::vector{1}));

    journal->record(command("second"), [&] { answered.push_back(2); });
    journal->record(command("third"), [&] { answered.push_back(3); });
    loop->advance(Journal::kCommitPause - milliseconds{1});
    EXPECT_EQ(answered, (std::vector{1})) << "commits follow each other without a pause";
    loop->advance(milliseconds{1});

    EXPECT_EQ(answered, (std::vector{1, 2, 3}));
}

TEST_F(JournalTest, KeepsTheLast256TransactionsOldestFirst) {
    ASSERT_TRUE(start());
    for (int i = 0; i < 300; ++i) {
        journal->record(TransactionRecord{loop->clock().wallNow(), fmt::format("key {}", i), "reply"}, {});
        if (i % 7 == 0) settle();
    }
    settle();

    const auto snapshot = start();

    ASSERT_EQ(snapshot->transactions.size(), 256U);
    EXPECT_EQ(snapshot->transactions.front().key, "key 44");
    EXPECT_EQ(snapshot->transactions.back().key, "key 299");
}

TEST_F(JournalTest, ATransactionThatIsRecordedAgainIsTheNewest) {
    journal = std::make_unique<Journal>(*loop, loop, config, kBoot);
    const auto record = [&](int number) {
        journal->record(TransactionRecord{loop->clock().wallNow(), fmt::format("key {}", number), "{}"}, {});
    };
    for (int number = 0; number < 256; ++number) record(number);
    record(0);
    record(256);
    journal->open([](const Result<JournalSnapshot>&) {});
    settle();
    const auto snapshot = start();

    ASSERT_EQ(snapshot->transactions.size(), 256U);
    EXPECT_EQ(snapshot->transactions[0].key, "key 2");
    EXPECT_EQ(snapshot->transactions[254].key, "key 0");
    EXPECT_EQ(snapshot->transactions[255].key, "key 256");
}

TEST_F(JournalTest, AnswersACommandOnlyWhenItIsOnTheDisk) {
    ASSERT_TRUE(start());
    std::size_t rowsWhenDone = 0;
    journal->record(command("start"), [&] { rowsWhenDone = fileRows<CommandRecord>().size(); });
    EXPECT_EQ(rowsWhenDone, 0U);

    settle();

    EXPECT_EQ(rowsWhenDone, 1U);
}

TEST_F(JournalTest, PutsAllThatWaitsIntoOneCommit) {
    ASSERT_TRUE(start());
    journal->saveState("first", "commit", {});  // starts the WAL, which takes a sync of its own
    settle();
    const std::uint64_t before = vfs.syncs;
    int done = 0;
    for (int i = 0; i < 50; ++i) journal->record(command("start"), [&] { ++done; });
    journal->record(EventRecord{loop->clock().wallNow(), "online", "broker"});
    journal->saveState("publishing", "ON", [&] { ++done; });

    settle();

    EXPECT_EQ(done, 51);
    EXPECT_EQ(vfs.syncs - before, 1U);
    EXPECT_EQ(fileRows<CommandRecord>().size(), 50U);
    EXPECT_EQ(fileRows<EventRecord>().size(), 1U);
}

TEST_F(JournalTest, KeepsAPayloadByteForByteAndCutsOneThatIsTooLong) {
    ASSERT_TRUE(start());
    const std::string bytes("\x00\xff start\n\x80", 10);
    journal->record(CommandRecord{{}, "command", bytes, "", "error", "unknown_command", std::string("t\0x", 3)}, {});
    journal->record(CommandRecord{{}, "command", std::string(100'000, 'x'), "", "error", "invalid_payload", ""}, {});
    settle();

    const auto rows = fileRows<CommandRecord>();

    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].payload, bytes);
    EXPECT_EQ(rows[0].transaction, std::string("t\0x", 3));
    EXPECT_EQ(rows[1].payload.size(), 65'536U);
}

TEST_F(JournalTest, RecordsFromWithinItsCallbacks) {
    ASSERT_TRUE(start());
    int done = 0;
    journal->record(command("start"), [&] {
        ++done;
        journal->record(command("stop"), [&] { ++done; });
    });

    settle();

    EXPECT_EQ(done, 2);
    EXPECT_EQ(fileRows<CommandRecord>().size(), 2U);
}

TEST_F(JournalTest, MayEndWithinItsCallback) {
    ASSERT_TRUE(start());
    journal->record(command("start"), [&] { journal.reset(); });
    journal->record(command("stop"), [] { FAIL() << "the journal is gone"; });

    settle();

    EXPECT_EQ(journal, nullptr);
}

TEST_F(JournalTest, WritesNothingWhileReadingsAreDeliveredInTime) {
    ASSERT_TRUE(start());
    const std::uint64_t before = vfs.writes;

    for (std::uint64_t seq = 1; seq <= 500; ++seq) {
        journal->record(reading(seq));
        loop->advance(seconds{10});
        for (const ReadingRecord& one : fetch(20)) journal->ack(one.id);
    }
    loop->advance(std::chrono::minutes{5});

    EXPECT_EQ(vfs.writes, before);
    EXPECT_EQ(journal->health().queuedReadings, 0U);
    EXPECT_EQ(journal->health().droppedReadings, 0U);
}

TEST_F(JournalTest, WritesReadingsAfterTheFlushTimeInOneCommit) {
    ASSERT_TRUE(start());
    journal->saveState("first", "commit", {});  // starts the WAL, which takes a sync of its own
    settle();
    const std::uint64_t before = vfs.syncs;
    recordReadings(1, 5);
    loop->advance(seconds{59});
    EXPECT_EQ(vfs.syncs, before);

    loop->advance(seconds{1});

    EXPECT_EQ(vfs.syncs, before + 1);
    EXPECT_EQ(fileRows<ReadingRecord>().size(), 5U);
    EXPECT_EQ(journal->health().queuedReadings, 5U);
}

TEST_F(JournalTest, WritesReadingsWhen64Wait) {
    ASSERT_TRUE(start());
    recordReadings(1, 63);
    settle();
    EXPECT_EQ(fileRows<ReadingRecord>().size(), 0U);

    recordReadings(64, 64);
    settle();

    EXPECT_EQ(fileRows<ReadingRecord>().size(), 64U);
}

TEST_F(JournalTest, WritesEverythingOnClose) {
    ASSERT_TRUE(start());
    recordReadings(1, 5);
    journal->record(EventRecord{loop->clock().wallNow(), "stop", "SIGTERM"});

    stop();

    EXPECT_EQ(fileRows<ReadingRecord>().size(), 5U);
    EXPECT_EQ(fileRows<EventRecord>().size(), 1U);
    EXPECT_EQ(start()->undelivered, 5U);
}

TEST_F(JournalTest, KeepsAReadingExactlyAsItWas) {
    ASSERT_TRUE(start());
    ReadingRecord odd = reading(18'000'000'000'000'000'000U, -0.1);
    odd.clockSynchronised = false;
    odd.bootId = "another boot";
    journal->record(odd);
    journal->record(reading(2, -0.0));
    stop();
    ASSERT_TRUE(start());

    const auto found = fetch(10);

    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].seq, odd.seq);
    EXPECT_EQ(found[0].value, odd.value);
    EXPECT_EQ(found[0].time, odd.time);
    EXPECT_FALSE(found[0].clockSynchronised);
    EXPECT_EQ(found[0].bootId, "another boot");
    EXPECT_EQ(found[1].value, 0.0);
    EXPECT_EQ(found[1].bootId, kBoot);
}

TEST_F(JournalTest, IgnoresAValueThatIsNotFinite) {
    ASSERT_TRUE(start());
    journal->record(reading(1, std::numeric_limits<double>::quiet_NaN()));
    journal->record(reading(2, std::numeric_limits<double>::infinity()));

    EXPECT_TRUE(fetch(10).empty());
}

TEST_F(JournalTest, FetchesTheOldestFirstFromFileThenMemory) {
    ASSERT_TRUE(start());
    recordReadings(1, 70);
    settle();
    recordReadings(71, 75);
    EXPECT_EQ(journal->health().queuedReadings, 75U);

    Seqs all;
    for (int i = 0; i < 4; ++i) {
        for (const std::uint64_t seq : seqs(fetch(20))) all.push_back(seq);
    }

    ASSERT_EQ(all.size(), 75U);
    for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], i + 1);
    EXPECT_TRUE(fetch(20).empty());
}

TEST_F(JournalTest, ServesSeveralFetchesWithoutReturningAReadingTwice) {
    ASSERT_TRUE(start());
    recordReadings(1, 70);
    settle();
    Seqs all;
    for (int i = 0; i < 3; ++i) {
        journal->fetch(10, [&](const std::vector<ReadingRecord>& found) {
            for (const ReadingRecord& one : found) all.push_back(one.seq);
        });
    }

    settle();

    ASSERT_EQ(all.size(), 30U);
    for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], i + 1);
}

TEST_F(JournalTest, FetchesNackedReadingsFirst) {
    ASSERT_TRUE(start());
    recordReadings(1, 64);
    settle();
    recordReadings(65, 66);
    const auto fetched = fetch(66);
    ASSERT_EQ(fetched.size(), 66U);
    for (const ReadingRecord& one : fetched) {
        if (one.seq == 3 || one.seq == 65) {
            journal->nack(one.id);
        } else {
            journal->ack(one.id);
        }
    }

    EXPECT_EQ(journal->health().queuedReadings, 2U);
    EXPECT_EQ(seqs(fetch(10)), (Seqs{3, 65}));
}

TEST_F(JournalTest, RemovesDeliveredReadingsWithTheNextFlush) {
    ASSERT_TRUE(start());
    recordReadings(1, 64);
    settle();
    for (const ReadingRecord& one : fetch(60)) journal->ack(one.id);
    settle();
    EXPECT_EQ(journal->health().queuedReadings, 4U);
    EXPECT_EQ(fileRows<ReadingRecord>().size(), 64U);

    loop->advance(seconds{60});

    EXPECT_EQ(fileRows<ReadingRecord>().size(), 4U);
    EXPECT_EQ(start()->undelivered, 4U);
    EXPECT_EQ(seqs(fetch(10)), (Seqs{61, 62, 63, 64}));
}

TEST_F(JournalTest, FetchesAReadingAgainWhenItsAckWasNotWritten) {
    ASSERT_TRUE(start());
    recordReadings(1, 64);
    settle();
    for (const ReadingRecord& one : fetch(64)) journal->ack(one.id);

    ASSERT_TRUE(start());

    EXPECT_EQ(fetch(100).size(), 64U);
}

TEST_F(JournalTest, AcksAReadingThatWasFetchedFromMemoryAndWrittenSince) {
    ASSERT_TRUE(start());
    recordReadings(1, 3);
    const auto fetched = fetch(3);
    loop->advance(seconds{60});
    EXPECT_EQ(fileRows<ReadingRecord>().size(), 3U);
    EXPECT_TRUE(fetch(3).empty()) << "a reading in flight was fetched again from the file";
    journal->ack(fetched[0].id);
    journal->nack(fetched[1].id);

    EXPECT_EQ(seqs(fetch(3)), (Seqs{2}));
    loop->advance(seconds{60});
    EXPECT_EQ(fileRows<ReadingRecord>().size(), 2U);
    EXPECT_EQ(journal->health().queuedReadings, 2U);
}

TEST_F(JournalTest, IgnoresASecondAck) {
    ASSERT_TRUE(start());
    recordReadings(1, 2);
    const auto fetched = fetch(1);
    journal->ack(fetched[0].id);
    journal->ack(fetched[0].id);
    journal->nack(fetched[0].id);

    EXPECT_EQ(journal->health().queuedReadings, 1U);
    EXPECT_EQ(seqs(fetch(9)), (Seqs{2}));
}

TEST_F(JournalTest, KeepsDeliveredReadingsAsHistoryWhenAllAreWanted) {
    config.readings = KeepReadings::kAll;
    ASSERT_TRUE(start());
    ReadingRecord delivered = reading(1);
    delivered.delivered = true;
    journal->record(delivered);
    recordReadings(2, 4);
    journal->ack(fetch(1).at(0).id);
    loop->advance(seconds{60});
    journal->ack(fetch(1).at(0).id);
    loop->advance(seconds{60});

    const auto rows = fileRows<ReadingRecord>();
    ASSERT_EQ(rows.size(), 4U);
    EXPECT_TRUE(rows[0].delivered && rows[1].delivered && rows[2].delivered);
    EXPECT_FALSE(rows[3].delivered);
    EXPECT_EQ(start()->undelivered, 1U);
    EXPECT_EQ(seqs(fetch(9)), (Seqs{4}));
}

TEST_F(JournalTest, KeepsNoReadingsWhenNoneAreWantedButCountsThem) {
    config.readings = KeepReadings::kNone;
    ASSERT_TRUE(start());
    recordReadings(1, 100);

    EXPECT_TRUE(fetch(10).empty());
    EXPECT_EQ(journal->health().droppedReadings, 100U);
    stop();
    EXPECT_EQ(fileRows<ReadingRecord>().size(), 0U);
}

TEST_F(JournalTest, KeepsWhatIsRecordedBeforeItIsOpen) {
    ASSERT_TRUE(start());
    journal->record(command("first"), {});
    stop();
    journal = std::make_unique<Journal>(*loop, loop, config, kBoot);
    bool isDone = false;
    journal->record(command("second"), [&] { isDone = true; });
    recordReadings(1, 2);
    settle();
    EXPECT_FALSE(isDone);

    journal->open([](const Result<JournalSnapshot>& opened) { EXPECT_TRUE(opened); });
    settle();

    EXPECT_TRUE(isDone);
    const auto rows = fileRows<CommandRecord>();
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[1].payload, "second");
    EXPECT_EQ(seqs(fetch(9)), (Seqs{1, 2}));
}

TEST_F(JournalTest, NeverUsesAnIdTwice) {
    std::int64_t highest = 0;
    for (int run = 0; run < 3; ++run) {
        ASSERT_TRUE(start());
        recordReadings(1, 64);
        settle();
        auto reader = JournalReader::open(config.path, {});
        const auto rows = reader->next(100);
        ASSERT_EQ(rows->size(), 64U);
        for (const JournalRow& row : *rows) {
            const std::int64_t id = std::get<Stored<ReadingRecord>>(row).stamp.id;
            EXPECT_GT(id, highest);
            highest = id;
        }
        for (const ReadingRecord& one : fetch(64)) journal->ack(one.id);
        loop->advance(seconds{60});
        ASSERT_EQ(fileRows<ReadingRecord>().size(), 0U);
    }
}

TEST_F(JournalTest, RefusesAJournalThatAnotherAgentHas) {
    ASSERT_TRUE(start());
    const auto other = std::make_unique<Journal>(*loop, loop, config, kBoot);
    std::optional<Result<JournalSnapshot>> opened;

    other->open([&](Result<JournalSnapshot> result) { opened = std::move(result); });
    settle();

    ASSERT_TRUE(opened && !*opened);
    EXPECT_EQ(opened->error().code, Errc::kBusy);
    EXPECT_NE(opened->error().message.find(fmt::format("pid {}", ::getpid())), std::string::npos);
    bool isClosed = false;
    other->close([&] { isClosed = true; });
    settle();
    EXPECT_TRUE(isClosed);
}

TEST_F(JournalTest, ReleasesTheFileOnceItIsClosed) {
    ASSERT_TRUE(start());
    bool isClosed = false;
    journal->close([&] { isClosed = true; });
    settle();
    ASSERT_TRUE(isClosed);
    // It is still there: on a reload a thread may hold it a moment longer.
    const auto next = std::make_unique<Journal>(*loop, loop, config, kBoot);
    std::optional<Result<JournalSnapshot>> opened;

    next->open([&](Result<JournalSnapshot> result) { opened = std::move(result); });
    settle();

    ASSERT_TRUE(opened && *opened) << opened->error().message;
    EXPECT_TRUE((*opened)->warning.empty()) << (*opened)->warning;
}

TEST_F(JournalTest, AnswersButWritesNothingOnceClosed) {
    ASSERT_TRUE(start());
    bool isDone = false;
    journal->close([] {});
    journal->record(command("late"), [&] { isDone = true; });
    recordReadings(1, 1);
    settle();

    EXPECT_TRUE(isDone) << "a caller must not wait for ever";
    EXPECT_EQ(fileRows<CommandRecord>().size(), 0U);
}

TEST_F(JournalTest, CorrectsTheTimeOfReadingsOnceTheClockIsSet) {
    ASSERT_TRUE(start());
    ManualClock& clock = loop->manualClock();
    clock.state = ClockState::kUnsynchronised;
    const WallTime wrong = clock.wall;
    ReadingRecord first = reading(1);
    first.clockSynchronised = false;
    first.monoMs = std::chrono::duration_cast<milliseconds>(clock.steady.time_since_epoch()).count();
    loop->advance(seconds{5});  // it was under way before it came back
    journal->record(first);
    loop->advance(seconds{120});  // into the file
    ReadingRecord second = reading(2);
    second.clockSynchronised = false;
    journal->record(second);
    loop->advance(seconds{10});
    EXPECT_EQ(fetch(1).at(0).time, wrong) << "no better is known";
    clock.wall += std::chrono::hours{24 * 300};
    clock.state = ClockState::kSynchronised;

    const auto rest = fetch(10);
    ASSERT_EQ(rest.size(), 1U);
    EXPECT_EQ(rest[0].time, clock.wall - seconds{10});
    journal->nack(first.id);
    stop();
    ASSERT_TRUE(start());
    journal->record(reading(3));
    const auto later = fetch(1);
    ASSERT_EQ(later.size(), 1U);
    EXPECT_EQ(later[0].time, clock.wall - seconds{135}) << "from the file, in the order of recording";
}

TEST_F(JournalTest, AppliesOtherLimitsWithoutARestart) {
    ASSERT_TRUE(start());
    journal->record(reading(1));
    config.flush = seconds{5};
    journal->configure(config);
    loop->advance(seconds{5} + Journal::kCommitPause);
    EXPECT_EQ(fileRows<ReadingRecord>().size(), 1U);

    config.readings = KeepReadings::kNone;
    journal->configure(config);
    journal->record(reading(2));
    EXPECT_EQ(journal->health().droppedReadings, 1U);
    EXPECT_EQ(journal->health().queuedReadings, 1U) << "what is kept stays kept";
}

TEST_F(JournalTest, ContinuesInANewFileWithAnotherPath) {
    ASSERT_TRUE(start());
    journal->saveState("telemetry", "on", {});
    journal->record(TransactionRecord{loop->clock().wallNow(), "key", "reply"}, {});
    journal->record(command("first"), {});
    recordReadings(1, 64);  // written
    settle();
    journal->record(reading(65));
    const std::string old = config.path;
    config.path = dir.file("elsewhere.db");
    journal->configure(config);
    bool isAnswered = false;
    journal->record(command("second"), [&] { isAnswered = true; });
    settle();

    EXPECT_TRUE(isAnswered);
    EXPECT_TRUE(journal->health().writable);
    ASSERT_EQ(fileRows<CommandRecord>().size(), 1U);
    EXPECT_EQ(fileRows<CommandRecord>()[0].payload, "second");
    EXPECT_EQ(journal->health().queuedReadings, 1U);
    EXPECT_EQ(seqs(fetch(100)), std::vector<std::uint64_t>{65});
    const auto snapshot = start();
    EXPECT_EQ(snapshot->state.at("telemetry"), "on");
    ASSERT_EQ(snapshot->transactions.size(), 1U);
    EXPECT_EQ(snapshot->undelivered, 1U);
    config.path = old;
    EXPECT_EQ(start()->undelivered, 64U);
}

TEST_F(JournalTest, RunsFromMemoryWithAPathThatCannotBeUsed) {
    ASSERT_TRUE(start());
    config.path = "/proc/no/journal.db";
    journal->configure(config);
    bool isAnswered = false;
    journal->record(command("start"), [&] { isAnswered = true; });
    settle();
    EXPECT_TRUE(isAnswered);
    EXPECT_FALSE(journal->health().writable);

    config.path = dir.file("elsewhere.db");
    journal->configure(config);
    settle();
    EXPECT_TRUE(journal->health().writable);
    EXPECT_EQ(fileRows<CommandRecord>().size(), 1U) << "what could not be written";
}

TEST_F(JournalTest, WithThePathOfAnOlderJournalNoRowOfItIsOverwritten) {
    const std::string first = config.path;
    ASSERT_TRUE(start());
    recordReadings(1, 64);
    stop();
    config.path = dir.file("elsewhere.db");
    ASSERT_TRUE(start());
    recordReadings(65, 70);
    config.path = first;
    journal->configure(config);
    loop->advance(config.flush);

    EXPECT_EQ(fileRows<ReadingRecord>().size(), 70U);
    EXPECT_EQ(journal->health().queuedReadings, 70U);
    EXPECT_EQ(fetch(100).size(), 70U);
}

TEST_F(JournalTest, ANackMakesTheFileBeReadAgainFromThere) {
    ASSERT_TRUE(start());
    recordReadings(1, 128);
    settle();
    const auto first = fetch(10);
    for (const ReadingRecord& one : first) {
        if (one.seq != 4) journal->ack(one.id);
    }
    std::vector<ReadingRecord> second;
    journal->fetch(10, [&](std::vector<ReadingRecord> found) { second = std::move(found); });
    journal->nack(first.at(3).id);  // while the file is being read
    settle();
    EXPECT_EQ(second.size(), 10U);

    Seqs rest;
    for (const ReadingRecord& one : second) rest.push_back(one.seq);
    for (const std::uint64_t seq : seqs(fetch(200))) rest.push_back(seq);
    std::sort(rest.begin(), rest.end());
    ASSERT_EQ(rest.size(), 119U);
    EXPECT_EQ(rest.front(), 4U);
    EXPECT_EQ(std::adjacent_find(rest.begin(), rest.end()), rest.end()) << "one was fetched twice";
}

TEST_F(JournalTest, IgnoresAnAckForTheFileBefore) {
    ASSERT_TRUE(start());
    recordReadings(1, 64);
    settle();
    const auto fetched = fetch(2);
    config.path = dir.file("elsewhere.db");
    journal->configure(config);
    settle();
    journal->ack(fetched.at(0).id);
    journal->nack(fetched.at(1).id);
    recordReadings(65, 66);

    EXPECT_EQ(journal->health().queuedReadings, 2U);
    EXPECT_EQ(seqs(fetch(100)), (std::vector<std::uint64_t>{65, 66}));
}

TEST_F(JournalTest, ShowsItsStateToOtherProcesses) {
    ASSERT_EQ(JournalReader::state(config.path, "settings").error().code, Errc::kNotFound);
    ASSERT_TRUE(start());
    EXPECT_EQ(JournalReader::state(config.path, "settings").value(), "");
    journal->saveState("settings", "{}", {});
    settle();
    EXPECT_EQ(JournalReader::state(config.path, "settings").value(), "{}");
    stop();
    EXPECT_EQ(JournalReader::state(config.path, "settings").value(), "{}");
}

}  // namespace
}  // namespace edge
