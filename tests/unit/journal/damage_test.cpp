// SPDX-License-Identifier: MIT
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <random>

#include <fmt/core.h>

#include "journal/store/row_codec.hpp"
#include "journal/store/schema.hpp"
#include "journal/store/sqlite.hpp"
#include "journal_fixture.hpp"

namespace edge {
namespace {

using DamageTest = JournalFixture;
namespace fs = std::filesystem;

std::string readAll(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void writeAll(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

/// A closed journal with 200 readings, 40 commands and a state, as bytes.
class DamagedFile : public JournalFixture {
  protected:
    void SetUp() override {
        ASSERT_TRUE(start());
        recordReadings(1, 200);
        for (int i = 0; i < 40; ++i) journal->record(command(fmt::format("command {}", i)), {});
        journal->saveState("publishing", "ON", {});
        stop();
        sound = readAll(config.path);
        fs::remove(config.path + "-wal");
        fs::remove(config.path + "-shm");
    }

    void removeFiles() {
        for (const auto& file : fs::directory_iterator(dir.path())) fs::remove_all(file);
    }

    std::string sound;
};

class BitFlipTest : public DamagedFile, public ::testing::WithParamInterface<unsigned> {};

INSTANTIATE_TEST_SUITE_P(Seeds, BitFlipTest, ::testing::Range(0U, 8U));

TEST_P(BitFlipTest, NeverReturnsARowThatABitFlipHasAltered) {
    std::mt19937 random(GetParam());
    int quarantined = 0;
    int leftOut = 0;
    for (int flip = 0; flip < 250; ++flip) {
        removeFiles();
        std::string bytes = sound;
        const std::size_t at = random() % bytes.size();
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8)));
        writeAll(config.path, bytes);

        const auto snapshot = start();

        ASSERT_TRUE(snapshot) << "byte " << at;
        ASSERT_TRUE(journal->health().writable) << "byte " << at << ": " << journal->health().problem;
        const auto state = snapshot->state.find("publishing");
        if (state != snapshot->state.end()) {
            ASSERT_EQ(state->second, "ON");
        }
        const auto readings = fetch(1'000);
        ASSERT_LE(readings.size(), 200U);
        std::uint64_t last = 0;
        for (const ReadingRecord& one : readings) {
            ASSERT_GT(one.seq, last) << "byte " << at;
            ASSERT_LE(one.seq, 200U) << "byte " << at;
            ASSERT_EQ(one.value, 21.5) << "byte " << at;
            ASSERT_EQ(one.sensor, "room") << "byte " << at;
            ASSERT_EQ(one.bootId, kBoot) << "byte " << at;
            last = one.seq;
        }
        for (const CommandRecord& one : fileRows<CommandRecord>()) {
            ASSERT_TRUE(one.payload.starts_with("command ")) << "byte " << at;
            ASSERT_EQ(one.status, "ok") << "byte " << at;
        }
        const bool isQuarantined = fs::exists(config.path + ".corrupt-1");
        quarantined += isQuarantined ? 1 : 0;
        leftOut += journal->health().corruptRows > 0 ? 1 : 0;
        if (!isQuarantined && journal->health().corruptRows == 0) {
            ASSERT_EQ(readings.size(), 200U) << "byte " << at << ": readings are missing and not counted";
        }
    }
    EXPECT_GT(quarantined, 10);
    EXPECT_GT(leftOut, 10);
}

TEST_F(DamagedFile, StartsWhateverTheLengthOfTheFile) {
    for (std::size_t length = 0; length < sound.size(); length += 509) {
        removeFiles();
        writeAll(config.path, sound.substr(0, length));

        ASSERT_TRUE(start()) << length;

        EXPECT_TRUE(journal->health().writable) << length << ": " << journal->health().problem;
        EXPECT_EQ(fs::exists(config.path + ".corrupt-1"), length > 0) << length;
        journal->record(command("start"), {});
        settle();
        EXPECT_GE(fileRows<CommandRecord>().size(), 1U) << length;
    }
}

TEST_F(DamagedFile, SalvagesWhatItCanIntoTheNewFile) {
    std::string bytes = sound;
    bytes[bytes.size() - 900] = '\x7f';  // some page near the end
    for (std::size_t i = bytes.size() - 1024; i < bytes.size(); ++i) bytes[i] = '\xee';
    writeAll(config.path, bytes);

    const auto snapshot = start();

    ASSERT_TRUE(snapshot);
    EXPECT_NE(snapshot->warning.find(".corrupt-1"), std::string::npos) << snapshot->warning;
    EXPECT_EQ(snapshot->state.at("publishing"), "ON");
    EXPECT_GT(snapshot->undelivered, 100U);
    EXPECT_EQ(fetch(1'000).size(), snapshot->undelivered);
    EXPECT_EQ(readAll(config.path + ".corrupt-1"), bytes) << "the quarantined file was altered";
}

TEST_F(DamagedFile, KeepsTheTwoNewestQuarantinedFiles) {
    for (int i = 1; i <= 4; ++i) {
        journal.reset();
        writeAll(config.path, fmt::format("garbage {}", i));
        ASSERT_TRUE(start());
    }

    EXPECT_FALSE(fs::exists(config.path + ".corrupt-1"));
    EXPECT_FALSE(fs::exists(config.path + ".corrupt-2"));
    EXPECT_EQ(readAll(config.path + ".corrupt-3"), "garbage 3");
    EXPECT_EQ(readAll(config.path + ".corrupt-4"), "garbage 4");
}

struct BadFile {
    const char* name;
    void (*make)(const std::string& path, const std::string& sound);
};

class BadFileTest : public DamagedFile, public ::testing::WithParamInterface<BadFile> {};

TEST_P(BadFileTest, IsQuarantinedWithAMessageAndANewFileIsStarted) {
    removeFiles();
    GetParam().make(config.path, sound);

    const auto snapshot = start();

    ASSERT_TRUE(snapshot);
    EXPECT_TRUE(journal->health().writable) << journal->health().problem;
    EXPECT_NE(snapshot->warning.find(config.path + ".corrupt-1"), std::string::npos) << snapshot->warning;
    bool isAside = false;
    for (const auto& file : fs::directory_iterator(dir.path())) {
        isAside = isAside || file.path().filename().string().starts_with("journal.db.corrupt-1");
    }
    EXPECT_TRUE(isAside);
    journal->record(command("start"), {});
    settle();
    EXPECT_GE(fileRows<CommandRecord>().size(), 1U);
}

std::string withBytes(std::string bytes, std::size_t at, const std::string& value) {
    return bytes.replace(at, value.size(), value);
}

INSTANTIATE_TEST_SUITE_P(
    All, BadFileTest,
    ::testing::Values(
        BadFile{"Text", [](const std::string& path, const std::string&) { writeAll(path, "not a database"); }},
        BadFile{"OnlyNul", [](const std::string& path,
                              const std::string& sound) { writeAll(path, std::string(sound.size(), '\0')); }},
        BadFile{"NulTail",
                [](const std::string& path, const std::string& sound) {
                    writeAll(path, sound.substr(0, 4096) + std::string(sound.size() - 4096, '\0'));
                }},
        BadFile{"Directory",
                [](const std::string& path, const std::string&) {
                    fs::create_directory(path);
                    writeAll(path + "/precious", "data");
                }},
        BadFile{"Fifo", [](const std::string& path, const std::string&) { ::mkfifo(path.c_str(), 0600); }},
        BadFile{"SymbolicLinkToItself",
                [](const std::string& path, const std::string&) { fs::create_symlink(path, path); }},
        BadFile{"WalWithoutDatabase",
                [](const std::string& path, const std::string&) { writeAll(path + "-wal", std::string(5000, 'w')); }},
        BadFile{"WalThatIsADirectory",
                [](const std::string& path, const std::string& sound) {
                    writeAll(path, sound);
                    fs::create_directory(path + "-wal");
                }},
        BadFile{"NewerSchema",
                [](const std::string& path,
                   const std::string& sound) { writeAll(path, withBytes(sound, 60, std::string("\0\0\0\x63", 4))); }},
        BadFile{"UnknownWriteVersion",
                [](const std::string& path, const std::string& sound) { writeAll(path, withBytes(sound, 18, "@")); }},
        BadFile{"OtherApplicationId", [](const std::string& path,
                                         const std::string& sound) { writeAll(path, withBytes(sound, 68, "GPKG")); }}),
    [](const auto& bad) { return std::string(bad.param.name); });

TEST_F(DamageTest, NeverTouchesTheDatabaseOfAnotherProgram) {
    {
        auto other = Database::open(dir.write("journal.db", ""), Access::kWriter);
        ASSERT_TRUE(other);
        ASSERT_TRUE(other->execute("CREATE TABLE photos (name TEXT); INSERT INTO photos VALUES ('cat')"));
    }
    const std::string bytes = readAll(config.path);

    const auto snapshot = start();

    ASSERT_TRUE(snapshot);
    EXPECT_NE(snapshot->warning.find("another program"), std::string::npos) << snapshot->warning;
    EXPECT_EQ(readAll(config.path + ".corrupt-1"), bytes);
}

TEST_F(DamageTest, SaysThatANewerVersionWroteTheFile) {
    ASSERT_TRUE(start());
    stop();
    {
        auto db = Database::open(config.path, Access::kWriter);
        ASSERT_TRUE(db->execute(fmt::format("PRAGMA user_version = {}", kSchemaVersion + 1)));
    }

    const auto snapshot = start();

    ASSERT_TRUE(snapshot);
    EXPECT_NE(snapshot->warning.find("newer version"), std::string::npos) << snapshot->warning;
}

TEST_F(DamageTest, ReadsCapturesWhichAnOlderReleaseWroteWithAHash) {
    ASSERT_TRUE(start());
    journal->record(CaptureRecord{loop->clock().wallNow(), "img-1", "command", "t1", 640, 480, 54'321, "ok"});
    stop();
    {
        auto db = Database::open(config.path, Access::kWriter);
        ASSERT_TRUE(db->execute("UPDATE captures SET sha256 = 'ab'"));
        ASSERT_TRUE(db->execute(
            fmt::format("UPDATE captures SET crc = checksum('captures', {})", kTable<CaptureRecord>.columns)));
    }

    const auto rows = fileRows<CaptureRecord>();

    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].bytes, 54'321);
    EXPECT_EQ(rows[0].status, "ok");
}

/// Turns the file into one of schema 1, which knew temperatures only.
void makeSchema1(const std::string& path) {
    auto db = Database::open(path, Access::kWriter);
    ASSERT_TRUE(db->execute("ALTER TABLE readings DROP COLUMN measure; PRAGMA user_version = 1"));
}

TEST_F(DamageTest, ReadingsOfSchema1AreTemperatures) {
    ASSERT_TRUE(start());
    journal->record(reading(1));
    stop();
    makeSchema1(config.path);

    const auto before = fileRows<ReadingRecord>();  // a reader cannot migrate
    ASSERT_EQ(before.size(), 1U);
    EXPECT_EQ(before[0].unit, "°C");

    const auto snapshot = start();
    ASSERT_TRUE(snapshot);
    EXPECT_EQ(snapshot->warning, "");
    ReadingRecord humidity = reading(2);
    humidity.quantity = "humidity";
    humidity.unit = "%";
    humidity.decimals = 2;
    journal->record(humidity);
    stop();

    const auto rows = fileRows<ReadingRecord>();
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].quantity, "");
    EXPECT_EQ(rows[0].decimals, 3);
    EXPECT_EQ(rows[1].quantity, "humidity");
    EXPECT_EQ(rows[1].unit, "%");
    EXPECT_EQ(rows[1].decimals, 2);
}

TEST_F(DamageTest, SalvagesReadingsOfSchema1) {
    ASSERT_TRUE(start());
    journal->record(reading(1));
    stop();
    makeSchema1(config.path);
    {
        auto db = Database::open(config.path, Access::kWriter);
        ASSERT_TRUE(db->execute("DROP TABLE events"));
    }

    const auto snapshot = start();
    ASSERT_TRUE(snapshot);
    EXPECT_NE(snapshot->warning, "");
    const auto rows = fetch(10);
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].seq, 1U);
    EXPECT_EQ(rows[0].unit, "°C");
}

TEST_F(DamageTest, FinishesAStartThatWasInterruptedBeforeTheSchema) {
    {
        auto db = Database::open(dir.write("journal.db", ""), Access::kWriter);
        ASSERT_TRUE(db->execute(fmt::format("PRAGMA application_id = {}", kApplicationId)));
    }

    const auto snapshot = start();

    ASSERT_TRUE(snapshot);
    EXPECT_EQ(snapshot->warning, "");
    journal->record(command("start"), {});
    settle();
    EXPECT_EQ(fileRows<CommandRecord>().size(), 1U);
}

TEST_F(DamageTest, IsSetUpAsDesigned) {
    ASSERT_TRUE(start());
    auto db = Database::open(config.path, Access::kReader);
    ASSERT_TRUE(db);

    EXPECT_EQ(db->integer("PRAGMA page_size"), 1024);
    EXPECT_EQ(db->integer("PRAGMA auto_vacuum"), 2);
    EXPECT_EQ(db->integer("PRAGMA user_version"), kSchemaVersion);
    EXPECT_EQ(db->integer("PRAGMA application_id"), kApplicationId);
    EXPECT_EQ(db->integer("SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'"), 1);
    EXPECT_EQ(db->integer("SELECT count(*) FROM sqlite_schema WHERE type = 'table'"), 6);
    EXPECT_GT(fs::file_size(config.path), 1024U) << "the schema is in the WAL alone";
}

}  // namespace
}  // namespace edge
