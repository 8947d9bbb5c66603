// SPDX-License-Identifier: MIT
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "journal_fixture.hpp"

namespace edge {
namespace {

using JournalFaultTest = JournalFixture;
using Seqs = std::vector<std::uint64_t>;
namespace fs = std::filesystem;

TEST_F(JournalFaultTest, RunsFromMemoryWhileTheDiskIsFullAndWritesItAllAfterwards) {
    ASSERT_TRUE(start());
    vfs.isDiskFull = true;
    bool isDone = false;
    journal->record(command("start"), [&] { isDone = true; });
    journal->saveState("publishing", "ON", {});
    recordReadings(1, 100);
    settle();

    EXPECT_TRUE(isDone) << "a caller must not wait for the disk";
    EXPECT_FALSE(journal->health().writable);
    EXPECT_NE(journal->health().problem.find("free some space"), std::string::npos) << journal->health().problem;
    EXPECT_NE(journal->health().problem.find(config.path), std::string::npos);
    EXPECT_EQ(journal->health().queuedReadings, 100U);
    EXPECT_EQ(seqs(fetch(2)), (Seqs{1, 2}));

    bool isSecondDone = false;
    journal->record(command("stop"), [&] { isSecondDone = true; });
    journal->saveState("publishing", "OFF", {});
    settle();
    EXPECT_TRUE(isSecondDone);
    loop->advance(seconds{31});
    EXPECT_FALSE(journal->health().writable);

    vfs.isDiskFull = false;
    loop->advance(seconds{31});

    EXPECT_TRUE(journal->health().writable);
    EXPECT_EQ(journal->health().problem, "");
    const auto commands = fileRows<CommandRecord>();
    ASSERT_EQ(commands.size(), 2U);
    EXPECT_EQ(commands[0].payload, "start");
    EXPECT_EQ(commands[1].payload, "stop");
    EXPECT_EQ(fileRows<ReadingRecord>().size(), 100U);
    EXPECT_EQ(start()->state.at("publishing"), "OFF");
}

TEST_F(JournalFaultTest, StillGivesTheBacklogOfTheFileWhileTheDiskIsFull) {
    ASSERT_TRUE(start());
    recordReadings(1, 64);
    settle();
    vfs.isDiskFull = true;
    recordReadings(65, 66);
    journal->record(command("start"), {});
    settle();
    ASSERT_FALSE(journal->health().writable);

    const auto fetched = fetch(100);

    ASSERT_EQ(fetched.size(), 66U);
    for (const ReadingRecord& one : fetched) journal->ack(one.id);
    EXPECT_EQ(journal->health().queuedReadings, 0U);
    vfs.isDiskFull = false;
    loop->advance(seconds{31});
    EXPECT_EQ(fileRows<ReadingRecord>().size(), 0U);
}

TEST_F(JournalFaultTest, BoundsWhatWaitsInMemoryAndCountsWhatFallsOut) {
    ASSERT_TRUE(start());
    vfs.isDiskFull = true;
    recordReadings(1, 10'100);
    for (int i = 0; i < 1'005; ++i) journal->record(command(std::to_string(i)), {});
    settle();

    EXPECT_EQ(journal->health().queuedReadings, 10'000U);
    EXPECT_EQ(journal->health().droppedReadings, 100U);
    EXPECT_EQ(journal->health().droppedRows, 5U);
    vfs.isDiskFull = false;
    loop->advance(seconds{31});
    settle();
    EXPECT_EQ(seqs(fetch(1)), (Seqs{101}));
    EXPECT_EQ(fileRows<CommandRecord>().front().payload, "5");
    EXPECT_EQ(fileRows<CommandRecord>().back().payload, "1004");
    EXPECT_EQ(fileRows<CommandRecord>().size(), 1'000U);
}

TEST_F(JournalFaultTest, BoundsTheMemoryOfLargeCommands) {
    ASSERT_TRUE(start());
    vfs.isDiskFull = true;
    for (int i = 0; i < 200; ++i) journal->record(command(std::string(64 << 10, 'x')), {});
    settle();

    EXPECT_GT(journal->health().droppedRows, 130U);
}

TEST_F(JournalFaultTest, ReopensTheFileAfterAFailedFsyncAndLosesNothing) {
    ASSERT_TRUE(start());
    recordReadings(1, 64);
    settle();
    vfs.doesSyncFail = true;
    recordReadings(65, 128);
    journal->record(command("start"), {});
    settle();
    EXPECT_FALSE(journal->health().writable);
    EXPECT_NE(journal->health().problem.find("storage may be failing"), std::string::npos) << journal->health().problem;

    vfs.doesSyncFail = false;
    const std::uint64_t before = vfs.syncs;
    loop->advance(seconds{31});

    EXPECT_TRUE(journal->health().writable) << journal->health().problem;
    EXPECT_GE(vfs.syncs - before, 3U) << "what lay in the WAL was not written once more";
    EXPECT_EQ(fileRows<ReadingRecord>().size(), 128U);
    EXPECT_EQ(fileRows<CommandRecord>().size(), 1U);
    EXPECT_EQ(journal->health().queuedReadings, 128U);
    EXPECT_EQ(fetch(200).size(), 128U);
}

TEST_F(JournalFaultTest, ResumesFromAFileThatCanOnlyBeRead) {
    ASSERT_TRUE(start());
    journal->saveState("publishing", "ON", {});
    recordReadings(1, 3);
    stop();
    vfs.isReadOnly = true;

    const auto snapshot = start();

    ASSERT_TRUE(snapshot);
    EXPECT_EQ(snapshot->state.at("publishing"), "ON");
    EXPECT_EQ(snapshot->undelivered, 3U);
    EXPECT_FALSE(journal->health().writable);
    EXPECT_NE(journal->health().problem.find("not written"), std::string::npos) << journal->health().problem;
    journal->record(command("start"), {});
    settle();
    vfs.isReadOnly = false;
    loop->advance(seconds{31});
    EXPECT_TRUE(journal->health().writable) << journal->health().problem;
    EXPECT_EQ(fileRows<CommandRecord>().size(), 1U);
}

TEST_F(JournalFaultTest, StartsWithoutADirectoryAndFindsItLater) {
    config.path = dir.file("missing/deeper/journal.db");
    const auto snapshot = start();
    ASSERT_TRUE(snapshot);
    EXPECT_FALSE(journal->health().writable);
    EXPECT_NE(snapshot->warning.find("create the directory"), std::string::npos) << snapshot->warning;
    recordReadings(1, 2);
    const auto fetched = fetch(1);
    journal->record(command("start"), {});
    settle();

    fs::create_directory(dir.file("missing"));
    loop->advance(seconds{31});

    EXPECT_TRUE(journal->health().writable) << journal->health().problem;
    EXPECT_EQ(fileRows<CommandRecord>().size(), 1U);
    journal->ack(fetched.at(0).id);
    EXPECT_EQ(journal->health().queuedReadings, 1U);
    EXPECT_EQ(seqs(fetch(9)), (Seqs{2}));
}

TEST_F(JournalFaultTest, MakesTheFileAndItsDirectoryReadableForTheGroup) {
    config.path = dir.file("state/journal.db");
    const auto before = ::umask(0077);
    ASSERT_TRUE(start());
    journal->saveState("publishing", "ON", {});
    settle();
    ::umask(before);

    for (const char* suffix : {"", "-wal", "-shm"}) {
        EXPECT_EQ(fs::status(config.path + suffix).permissions(), fs::perms{0640}) << suffix;
    }
}

TEST_F(JournalFaultTest, RefusesADeviceAsJournal) {
    config.path = "/dev/null";
    const auto snapshot = start();
    ASSERT_TRUE(snapshot);
    EXPECT_FALSE(journal->health().writable);
    EXPECT_NE(snapshot->warning.find("is a device"), std::string::npos) << snapshot->warning;
    EXPECT_TRUE(fs::is_character_file("/dev/null"));
    journal.reset();
    fs::remove("/dev/null.lock");
}

TEST_F(JournalFaultTest, NoticesThatItsFileWasDeletedAndKeepsTheStateInANewOne) {
    ASSERT_TRUE(start());
    journal->saveState("publishing", "ON", {});
    journal->record(TransactionRecord{loop->clock().wallNow(), "key", "reply"}, {});
    settle();
    for (const auto& file : fs::directory_iterator(dir.path())) fs::remove(file);

    journal->record(command("start"), {});
    settle();

    EXPECT_TRUE(journal->health().writable) << journal->health().problem;
    EXPECT_EQ(fileRows<CommandRecord>().size(), 1U);
    const auto snapshot = start();
    EXPECT_EQ(snapshot->state.at("publishing"), "ON");
    EXPECT_EQ(snapshot->transactions.size(), 1U);
}

TEST_F(JournalFaultTest, FetchesReadingsThatWereWrittenIntoANewFile) {
    ASSERT_TRUE(start());
    EXPECT_TRUE(fetch(10).empty());
    for (const auto& file : fs::directory_iterator(dir.path())) fs::remove(file);

    recordReadings(1, 64);
    settle();

    EXPECT_EQ(journal->health().queuedReadings, 64U);
    EXPECT_EQ(fetch(100).size(), 64U);
}

TEST_F(JournalFaultTest, ReplacesAFileThatTurnsOutToBeDamagedWhileItRuns) {
    ASSERT_TRUE(start());
    journal->saveState("publishing", "ON", {});
    // More than SQLite's cache holds, so that what is damaged is read from the file.
    for (std::uint64_t first = 1; first <= 60'000; first += 5'000) {
        recordReadings(first, first + 4'999);
        settle();
    }
    stop();
    ASSERT_TRUE(start());
    const auto size = static_cast<std::size_t>(fs::file_size(config.path));
    std::fstream(config.path, std::ios::in | std::ios::out | std::ios::binary).seekp(8192)
        << std::string(size - 8192, 'Z');
    recordReadings(60'001, 60'001);

    EXPECT_EQ(fetch(61'000).size(), 1U) << "the one in memory";
    loop->advance(seconds{31});

    EXPECT_TRUE(journal->health().writable) << journal->health().problem;
    EXPECT_TRUE(fs::exists(config.path + ".corrupt-1"));
    bool isDone = false;
    journal->record(command("start"), [&] { isDone = true; });
    settle();
    EXPECT_TRUE(isDone);
    EXPECT_EQ(fileRows<CommandRecord>().size(), 1U);
    EXPECT_EQ(start()->state.at("publishing"), "ON");
}

TEST_F(JournalFaultTest, GivesUpQuietlyWhenItCannotWriteAtTheEnd) {
    ASSERT_TRUE(start());
    recordReadings(1, 5);
    vfs.isDiskFull = true;

    stop();

    vfs.isDiskFull = false;
    EXPECT_EQ(start()->undelivered, 0U);
}

}  // namespace
}  // namespace edge
