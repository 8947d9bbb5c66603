// SPDX-License-Identifier: MIT
#include "journal/command.hpp"

#include <time.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdlib.h>

#include <nlohmann/json.hpp>

#include "core/text.hpp"
#include "journal/store/sqlite.hpp"
#include "journal_fixture.hpp"

namespace edge {
namespace {

namespace fs = std::filesystem;

class CommandTest : public JournalFixture {
  protected:
    CommandTest() {
        ::setenv("TZ", "Europe/Berlin", 1);
        ::tzset();
        options.path = config.path;
    }
    ~CommandTest() override {
        ::unsetenv("TZ");
        ::tzset();
    }

    void fill() {
        ASSERT_TRUE(start());
        journal->record(EventRecord{loop->clock().wallNow(), "start", "1.0"});
        journal->record(reading(1));
        loop->advance(seconds{1});
        journal->record(command("start"), {});
        loop->advance(seconds{1});
        journal->record(CaptureRecord{loop->clock().wallNow(), "img-1", "command", "t1", 640, 480, 54'321, "ok"});
        journal->record(
            CommandRecord{loop->clock().wallNow(), "command", "\xff\x01hello", "", "error", "unknown_command", "t2"},
            {});
        stop();
    }

    int run() {
        out.str("");
        err.str("");
        return runJournalCommand(options, out, err);
    }

    std::vector<nlohmann::json> runJson() {
        options.json = true;
        EXPECT_EQ(run(), 0) << err.str();
        std::vector<nlohmann::json> rows;
        std::istringstream lines(out.str());
        for (std::string line; std::getline(lines, line);) {
            EXPECT_TRUE(isValidUtf8(line));
            rows.push_back(nlohmann::json::parse(line));
        }
        return rows;
    }

    JournalCommandOptions options;
    std::ostringstream out;
    std::ostringstream err;
};

TEST_F(CommandTest, ShowsRowsInTheOrderInWhichTheyWereRecorded) {
    fill();

    const auto rows = runJson();

    ASSERT_EQ(rows.size(), 5U);
    EXPECT_EQ(rows[0]["kind"], "event");
    EXPECT_EQ(rows[1]["kind"], "reading");
    EXPECT_EQ(rows[1]["value"], 21.5);
    EXPECT_EQ(rows[1]["delivered"], false);
    EXPECT_EQ(rows[1]["boot"], kBoot);
    EXPECT_EQ(rows[2]["payload"], "start");
    EXPECT_EQ(rows[2]["time"], "2026-11-18T11:06:41.000Z");
    EXPECT_EQ(rows[3]["bytes"], 54'321);
    EXPECT_EQ(rows[4]["code"], "unknown_command");
    EXPECT_EQ(rows[4]["payload_hex"], "ff0168656c6c6f");
    EXPECT_TRUE(rows[4]["command"].is_null());
    EXPECT_FALSE(rows[2].contains("payload_hex"));
}

TEST_F(CommandTest, ShowsALineOfTextForEachRowInLocalTime) {
    fill();

    EXPECT_EQ(run(), 0);

    std::istringstream lines(out.str());
    std::string line;
    std::getline(lines, line);
    EXPECT_EQ(line, "2026-11-18 12:06:40.000  event    start            -                    1.0");
    std::getline(lines, line);
    EXPECT_EQ(line, "2026-11-18 12:06:40.000  reading  room             not delivered yet    21.500 °C  #1");
    std::getline(lines, line);
    EXPECT_EQ(line, "2026-11-18 12:06:41.000  command  start            ok                   command: start");
    std::getline(lines, line);
    EXPECT_EQ(line,
              "2026-11-18 12:06:42.000  capture  img-1            ok                   640x480  54321 bytes  command");
    std::getline(lines, line);
    EXPECT_EQ(line,
              "2026-11-18 12:06:42.000  command  -                unknown_command      command: \\xff\\x01hello  [t2]");
    EXPECT_FALSE(std::getline(lines, line));
}

TEST_F(CommandTest, PrintsColumnNamesOnATerminal) {
    fill();
    options.header = true;
    options.last = 1;
    EXPECT_EQ(run(), 0);
    EXPECT_TRUE(
        out.str().starts_with("TIME (local)             KIND     NAME             RESULT               DETAILS\n2026-"))
        << out.str();
    EXPECT_EQ(runJson().size(), 1U) << "none in JSON";
}

TEST_F(CommandTest, FiltersByKindTimeAndNumber) {
    fill();
    options.kind = "command";
    EXPECT_EQ(runJson().size(), 2U);
    options.last = 1;
    EXPECT_EQ(runJson().at(0)["code"], "unknown_command");
    options.kind = "";
    options.last = 3;
    EXPECT_EQ(runJson().at(0)["payload"], "start");
    options.last = 99;
    EXPECT_EQ(runJson().size(), 5U);
    options.last.reset();
    options.since = "2026-11-18T11:06:41Z";
    EXPECT_EQ(runJson().size(), 3U);
    options.since = "2026-11-18 12:06:42";
    EXPECT_EQ(runJson().size(), 2U);
    options.last = 1;
    EXPECT_EQ(runJson().size(), 1U);
}

TEST_F(CommandTest, GoesThroughMoreRowsThanItReadsAtOnce) {
    ASSERT_TRUE(start());
    for (std::uint64_t i = 1; i <= 700; ++i) {
        recordReadings(i, i);
        journal->record(command(std::to_string(i)), {});
    }
    loop->advance(seconds{60});

    const auto rows = runJson();

    ASSERT_EQ(rows.size(), 1'400U);
    for (std::size_t i = 1; i < rows.size(); ++i) EXPECT_LT(rows[i - 1]["id"], rows[i]["id"]);
}

TEST_F(CommandTest, LeavesDamagedRowsOutAndSaysSo) {
    fill();
    {
        auto db = Database::open(config.path, Access::kWriter);
        ASSERT_TRUE(db->execute("UPDATE commands SET payload = 'stop' WHERE payload = CAST('start' AS BLOB)"));
    }

    EXPECT_EQ(runJson().size(), 4U);
    EXPECT_EQ(err.str(), "1 damaged rows are not shown\n");
}

TEST_F(CommandTest, WritesNothing) {
    fill();
    const auto contentOf = [&] {
        std::map<std::string, std::string> content;
        for (const auto& file : fs::directory_iterator(dir.path())) {
            std::ifstream stream(file.path(), std::ios::binary);
            content[file.path().filename()] = {std::istreambuf_iterator<char>(stream), {}};
        }
        return content;
    };
    const auto before = contentOf();

    EXPECT_EQ(runJson().size(), 5U);

    EXPECT_EQ(contentOf(), before);
    for (const char* suffix : {"-wal", "-shm"}) fs::remove(config.path + suffix);
    EXPECT_EQ(runJson().size(), 5U);
    EXPECT_FALSE(fs::exists(config.path + "-wal"));
    EXPECT_FALSE(fs::exists(config.path + "-shm"));
}

TEST_F(CommandTest, SaysInOneSentenceWhatIsWrong) {
    EXPECT_EQ(run(), 1);
    EXPECT_EQ(err.str(), "there is no journal at " + config.path + ": has the agent run with this configuration?\n");
    EXPECT_FALSE(fs::exists(config.path));

    dir.write("journal.db", "something else");
    EXPECT_EQ(run(), 1);
    EXPECT_NE(err.str().find("is not a journal"), std::string::npos);

    options.kind = "picture";
    EXPECT_EQ(run(), 2);
    EXPECT_NE(err.str().find("capture"), std::string::npos);

    options.kind = "";
    options.since = "yesterday";
    EXPECT_EQ(run(), 2);
    EXPECT_NE(err.str().find("2h"), std::string::npos);
}

TEST_F(CommandTest, FailsWhereItsOutputCannotBeWritten) {
    fill();
    std::ofstream full("/dev/full");

    EXPECT_EQ(runJournalCommand(options, full, err), 1);
}

TEST_F(CommandTest, ShowsNothingThatATerminalWouldObey) {
    ASSERT_TRUE(start());
    // A control sequence in C1, one in C0, a right-to-left override, a zero-width space.
    const std::string payload =
        "a\xC2\x9B"
        "2Jb\x1b[2Jc\xE2\x80\xAE"
        "d\xE2\x80\x8B";
    journal->record(CommandRecord{loop->clock().wallNow(), "command", payload, "", "error", "unknown_command", payload},
                    {});
    stop();

    ASSERT_EQ(run(), 0);
    EXPECT_NE(out.str().find("a\\u{9b}2Jb\\x1b[2Jc\\u{202e}d\\u{200b}"), std::string::npos) << out.str();
    for (const char* raw : {"\xC2\x9B", "\x1b", "\xE2\x80\xAE", "\xE2\x80\x8B"}) {
        EXPECT_EQ(out.str().find(raw), std::string::npos);
    }
    const auto rows = runJson();
    for (const char* raw : {"\xC2\x9B", "\x1b", "\xE2\x80\xAE", "\xE2\x80\x8B"}) {
        EXPECT_EQ(out.str().find(raw), std::string::npos);
    }
    EXPECT_EQ(rows.at(0)["payload"], payload) << "a program reads what came";
}

TEST_F(CommandTest, FollowsReadingsThatAreWrittenLater) {
    ASSERT_TRUE(start());
    auto reader = JournalReader::open(config.path, {});
    ASSERT_TRUE(reader);
    journal->record(command("start"), {});
    settle();
    EXPECT_EQ(reader->hasChanged(), true);
    EXPECT_EQ(reader->next(10)->size(), 1U);
    recordReadings(1, 1);
    settle();
    EXPECT_EQ(reader->hasChanged(), false);

    journal->record(command("stop"), {});
    settle();

    EXPECT_EQ(reader->hasChanged(), true);
    const auto rows = reader->next(10);
    ASSERT_EQ(rows->size(), 2U);
    EXPECT_TRUE(std::holds_alternative<Stored<ReadingRecord>>(rows->front()));
}

TEST_F(CommandTest, FollowsAFileThatReplacedTheOldOne) {
    fill();
    auto reader = JournalReader::open(config.path, {});
    ASSERT_TRUE(reader);
    ASSERT_EQ(reader->next(10)->size(), 5U);
    fs::rename(config.path, config.path + ".old");
    fs::remove(config.path + "-wal");
    fs::remove(config.path + "-shm");
    ASSERT_TRUE(start());
    journal->record(command("in the new file"), {});
    settle();

    EXPECT_EQ(reader->hasChanged(), true);
    EXPECT_EQ(reader->next(10)->size(), 1U);
}

TEST(ParseSince, TakesWhatPeopleWrite) {
    ::setenv("TZ", "Europe/Berlin", 1);
    ::tzset();
    const WallTime now = *parseRfc3339("2026-11-20T09:30:00Z");
    EXPECT_EQ(parseSince("2h", now), parseRfc3339("2026-11-20T07:30:00Z"));
    EXPECT_EQ(parseSince(" 7d ago ", now), parseRfc3339("2026-11-13T09:30:00Z"));
    EXPECT_EQ(parseSince("99999d", now), WallTime{});
    EXPECT_EQ(parseSince("99999999999999999999d", now), WallTime{});
    EXPECT_EQ(parseSince("2999-01-01", now), parseRfc3339("2262-04-11T23:47:16Z"));
    EXPECT_EQ(parseSince("0001-01-01T00:00:00Z", now), parseRfc3339("1677-09-21T00:12:43.146Z"));
    EXPECT_EQ(parseSince("2026-11-20", now), parseRfc3339("2026-11-19T23:00:00Z"));
    EXPECT_EQ(parseSince("2026-07-01 08:15", now), parseRfc3339("2026-07-01T06:15:00Z"));
    EXPECT_EQ(parseSince("2026-07-01T08:15:30", now), parseRfc3339("2026-07-01T06:15:30Z"));
    EXPECT_EQ(parseSince("2026-11-20T09:30:00+02:00", now), parseRfc3339("2026-11-20T07:30:00Z"));
    for (const char* wrong : {"", "yesterday", "2026-02-31", "2026-13-01", "2h 3m", "2026-11-20 25:00", "-2h"}) {
        EXPECT_FALSE(parseSince(wrong, now)) << wrong;
    }
    ::unsetenv("TZ");
    ::tzset();
}

}  // namespace
}  // namespace edge
