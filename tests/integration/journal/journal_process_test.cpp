// SPDX-License-Identifier: MIT
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "integration/support/temp_dir.hpp"
#include "integration/support/test_process.hpp"
#include "journal/reader.hpp"

namespace edge {
namespace {

namespace fs = std::filesystem;

class JournalProcessTest : public ::testing::Test {
  protected:
    JournalProcessTest() { fs::permissions(dir.path(), fs::perms{0755}); }

    std::unique_ptr<TestProcess> startWriter(long first) {
        said = dir.file("said");
        fs::remove(said);
        return std::make_unique<TestProcess>(
            std::vector<std::string>{EDGE_JOURNAL_TOOL, "write", path, std::to_string(first)}, said);
    }

    /// The numbers that the writer was told are on the disk.
    std::vector<long> acknowledged() {
        std::vector<long> numbers;
        std::istringstream lines(readWholeFile(said));
        for (std::string line; std::getline(lines, line);) {
            if (line == "open") continue;
            EXPECT_EQ(line.find_first_not_of("0123456789"), std::string::npos) << line;
            numbers.push_back(std::atol(line.c_str()));
        }
        return numbers;
    }

    void waitForAcknowledged(std::size_t count) {
        for (int i = 0; i < 1'000 && acknowledged().size() < count; ++i) pause(milliseconds{10});
        ASSERT_GE(acknowledged().size(), count);
    }

    /// The writer has opened the journal.
    void waitUntilOpen() {
        for (int i = 0; i < 10'000 && !readWholeFile(said).starts_with("open"); ++i) pause(milliseconds{1});
    }

    static void pause(milliseconds time) { std::this_thread::sleep_for(time); }

    std::vector<long> commandsInFile() {
        std::vector<long> numbers;
        auto reader = JournalReader::open(path, {.kind = "command"});
        EXPECT_TRUE(reader) << reader.error().message;
        while (reader) {
            const auto rows = reader->next(256);
            EXPECT_TRUE(rows) << rows.error().message;
            if (!rows || rows->empty()) break;
            for (const JournalRow& row : *rows) {
                numbers.push_back(std::atol(std::get<Stored<CommandRecord>>(row).record.payload.c_str()));
            }
            EXPECT_EQ(reader->damaged(), 0U);
        }
        return numbers;
    }

    static std::size_t countRows(const std::string& output) {
        std::istringstream lines(output);
        std::size_t count = 0;
        for (std::string line; std::getline(lines, line); ++count) {
            const auto row = nlohmann::json::parse(line, nullptr, false);
            EXPECT_FALSE(row.is_discarded()) << line;
        }
        return count;
    }

    TempDir dir;
    std::string path = dir.file("journal.db");
    std::string said;
};

int killsWanted() {
    const char* wanted = std::getenv("EDGE_KILLS");
    return wanted != nullptr ? std::atoi(wanted) : 200;
}

TEST_F(JournalProcessTest, LosesNothingThatItAcknowledgedHoweverOftenItIsKilled) {
    const int kills = killsWanted();
    std::mt19937 random(20261121);
    std::set<long> kept;
    long next = 1;
    int openedFirst = 0;
    for (int kill = 0; kill < kills; ++kill) {
        const auto writer = startWriter(next);
        if (kill % 4 != 0) waitUntilOpen();  // every fourth is killed while it starts
        pause(milliseconds{1 + random() % 30});
        writer->signal(SIGKILL);
        writer->wait(seconds{10});

        const std::vector<long> numbers = acknowledged();
        kept.insert(numbers.begin(), numbers.end());
        openedFirst += numbers.empty() ? 0 : 1;
        next += 100'000;
        ASSERT_FALSE(fs::exists(path + ".corrupt-1")) << "after kill " << kill;
    }
    // What was recorded last may be in the file without having been acknowledged; never the other way.
    const std::vector<long> found = commandsInFile();
    const std::set<long> present(found.begin(), found.end());
    EXPECT_EQ(present.size(), found.size()) << "a row is there twice";
    EXPECT_TRUE(std::includes(present.begin(), present.end(), kept.begin(), kept.end()));
    EXPECT_GT(openedFirst, kills / 10) << "hardly any kill met a writer at work";
    RecordProperty("acknowledged", static_cast<int>(kept.size()));
    std::cout << kept.size() << " rows acknowledged, " << openedFirst << " of " << kills
              << " kills met a writer at work\n";
}

TEST_F(JournalProcessTest, IsReadByAnotherProcessWhileItIsWritten) {
    const auto writer = startWriter(1);
    waitForAcknowledged(100);
    std::uintmax_t largestWal = 0;
    for (int look = 0; look < 20; ++look) {
        const std::size_t before = acknowledged().size();
        std::vector<long> numbers = commandsInFile();
        ASSERT_GE(numbers.size(), before) << "an acknowledged row is not to be seen";
        for (std::size_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(numbers[i], static_cast<long>(i + 1));
        largestWal = std::max(largestWal, fs::file_size(path + "-wal"));
    }
    EXPECT_EQ(writer->end(SIGTERM), 0);
    EXPECT_LT(largestWal, 1U << 20) << "readers keep the WAL from being moved into the file";
}

TEST_F(JournalProcessTest, IsReadByAMemberOfItsGroupWithTheAgentAndWithoutIt) {
    if (::geteuid() != 0) {
        std::string output;
        const auto writer = startWriter(1);
        waitForAcknowledged(10);
        EXPECT_EQ(runProgram({EDGE_JOURNAL_TOOL, "read", path}, &output), 0) << output;
        return;
    }
    constexpr gid_t kGroup = 4711;
    ASSERT_EQ(::chown(dir.path().c_str(), 0, kGroup), 0);
    ASSERT_EQ(::chmod(dir.path().c_str(), 02750), 0);  // as systemd's StateDirectory=: the group may look, not write
    const auto writer = startWriter(1);
    waitForAcknowledged(50);
    const auto read = [&](gid_t group) {
        std::string output;
        const int code = runProgram({EDGE_JOURNAL_TOOL, "read", path, std::to_string(group)}, &output);
        return std::pair(code, output);
    };

    const auto [whileRunning, rowsWhileRunning] = read(kGroup);
    EXPECT_EQ(whileRunning, 0) << rowsWhileRunning;
    EXPECT_GE(countRows(rowsWhileRunning), 50U);

    writer->signal(SIGKILL);
    writer->wait(seconds{10});
    const auto [afterKill, rowsAfterKill] = read(kGroup);
    EXPECT_EQ(afterKill, 0) << rowsAfterKill;
    EXPECT_GE(countRows(rowsAfterKill), acknowledged().size());

    {
        const auto second = startWriter(1'000'000);
        waitForAcknowledged(10);
        EXPECT_EQ(second->end(SIGTERM), 0);
    }
    const auto [afterClose, rowsAfterClose] = read(kGroup);
    EXPECT_EQ(afterClose, 0) << rowsAfterClose;
    EXPECT_GT(countRows(rowsAfterClose), countRows(rowsAfterKill));

    const auto [stranger, message] = read(4712);
    EXPECT_EQ(stranger, 1);
    EXPECT_NE(message.find("group"), std::string::npos) << message;
}

TEST_F(JournalProcessTest, FollowsWhatIsWrittenUntilItIsInterrupted) {
    const auto writer = startWriter(1);
    waitForAcknowledged(20);
    const std::string output = dir.file("followed");
    TestProcess follower({EDGE_JOURNAL_TOOL, "follow", path}, output);
    pause(seconds{2});
    EXPECT_EQ(follower.end(SIGINT), 128 + SIGINT);

    std::string text = readWholeFile(output);
    text.resize(text.rfind('\n') + 1);  // the interrupt may cut the last line
    EXPECT_GT(countRows(text), 100U);
    std::set<long> ids;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        EXPECT_TRUE(ids.insert(nlohmann::json::parse(line)["id"].get<long>()).second) << "shown twice: " << line;
    }
}

TEST_F(JournalProcessTest, RefusesToRunTwiceAndNamesTheProcess) {
    const auto first = startWriter(1);
    waitForAcknowledged(1);
    std::string output;
    EXPECT_EQ(runProgram({EDGE_JOURNAL_TOOL, "write", path, "1"}, &output), 0);
    EXPECT_NE(output.find(std::to_string(first->pid())), std::string::npos) << output;
    first->signal(SIGKILL);
    first->wait(seconds{10});

    const auto third = startWriter(1'000'000);
    waitForAcknowledged(1);
    EXPECT_EQ(third->end(SIGTERM), 0);
}

}  // namespace
}  // namespace edge
