// SPDX-License-Identifier: MIT
#include "integration/journal/power_cut.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "integration/support/temp_dir.hpp"
#include "integration/support/test_process.hpp"
#include "journal/reader.hpp"
#include "journal/store/store.hpp"

namespace edge {
namespace {

namespace fs = std::filesystem;

constexpr long kBatches = 300;
constexpr const char* kBoot = "0123456789abcdef0123456789abcdef";

std::size_t cutsWanted() {
    const char* wanted = std::getenv("EDGE_POWER_CUTS");
    return wanted != nullptr ? std::strtoul(wanted, nullptr, 10) : 600;
}

/// A batch of every kind of row. What it removes from the readings is what the third last had brought.
class Workload {
  public:
    /// `padding` makes the commands that much larger.
    explicit Workload(std::size_t padding) : padding_(padding, '.') {}

    WriteBatch batch(long number) {
        WriteBatch made;
        const std::string payload = std::to_string(number) + padding_;
        made.rows.push_back(Stored<CommandRecord>{stamp(), {WallTime{}, "command", payload, "start", "ok", "", ""}});
        made.state.transactions.push_back({stamp(), {WallTime{}, std::to_string(number), "{}"}});
        made.state.values["number"] = std::to_string(number);
        const long readings = number % 10 == 0 ? 64 : number % 4;
        for (long i = 0; i < readings; ++i) {
            ReadingRecord reading;
            reading.bootId = kBoot;
            reading.sensor = "room";
            reading.seq = ++seq_;
            reading.value = static_cast<double>(seq_);
            const Stamp at = stamp();
            made.readings.push_back({at, reading});
            brought_[number].push_back({at.id, seq_});
        }
        for (const auto& [id, seq] : brought_[number - 3]) made.delivered.insert(id);
        return made;
    }

    /// The numbers of the readings that must be there once batch `acknowledged` was, whether the next one was or not.
    [[nodiscard]] std::set<std::uint64_t> undeliveredAfter(long acknowledged) const {
        std::set<std::uint64_t> numbers;
        for (long batch = std::max(1L, acknowledged - 1); batch <= acknowledged; ++batch) {
            const auto found = brought_.find(batch);
            if (found == brought_.end()) continue;
            for (const auto& [id, seq] : found->second) numbers.insert(seq);
        }
        return numbers;
    }

  private:
    Stamp stamp() { return {++id_, kBoot, id_, WallTime{}, true}; }

    const std::string padding_;
    std::int64_t id_ = 0;
    std::uint64_t seq_ = 0;
    std::map<long, std::vector<std::pair<std::int64_t, std::uint64_t>>> brought_;
};

std::map<std::string, std::string> filesIn(const std::string& directory) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(directory)) {
        const std::string name = entry.path().filename();
        if (name.ends_with("-shm")) continue;  // of the running system only: SQLite makes it anew
        files[name] = readWholeFile(entry.path());
    }
    return files;
}

enum class Size { kKeepsAll, kPrunes };

class PowerCutTest : public ::testing::TestWithParam<Size> {
  protected:
    JournalConfig config(const TempDir& dir) const {
        JournalConfig config;
        config.path = dir.file("journal.db");
        config.maxSizeBytes = isEverythingKept() ? 16 << 20 : 1 << 20;
        return config;
    }

    /// The storage as it was before, and every call while the batches were written. The last mark is the last batch.
    void record() {
        const TempDir dir;
        JournalStore store(config(dir));
        ASSERT_TRUE(store.open());
        CuttableStorage made;
        for (const StorageCall& call : vfs.calls) made.apply(call);
        EXPECT_TRUE(made.isSynced("journal.db.new")) << "renamed before it was on the disk";
        vfs.calls.clear();
        for (auto& [name, content] : filesIn(dir.path())) storage.put(name, std::move(content));
        std::uint64_t pruned = 0;
        for (long number = 1; number <= kBatches; ++number) {
            const auto written = store.write(workload.batch(number));
            ASSERT_TRUE(written) << written.error().message;
            pruned += written->pruned.rows;
            vfs.mark(number);
        }
        EXPECT_EQ(pruned == 0, isEverythingKept()) << pruned;
        store.close();
        calls = std::exchange(vfs.calls, {});
    }

    [[nodiscard]] bool isEverythingKept() const { return GetParam() == Size::kKeepsAll; }

    /// Starts with what is left, and finds what was acknowledged.
    void expectWhole(const std::map<std::string, std::string>& files, long acknowledged) {
        const TempDir dir;
        for (const auto& [name, content] : files) dir.write(name, content);
        JournalStore store(config(dir));
        const auto opened = store.open();
        ASSERT_TRUE(opened) << opened.error().message;
        EXPECT_EQ(opened->warning, "");
        EXPECT_EQ(opened->corruptRows, 0U);
        const auto& state = opened->state.values;
        const long number = state.contains("number") ? std::atol(state.at("number").c_str()) : 0;
        EXPECT_TRUE(number == acknowledged || number == acknowledged + 1) << number;
        const auto& transactions = opened->state.transactions;
        EXPECT_EQ(transactions.empty() ? 0 : std::atol(transactions.back().record.key.c_str()), number);
        EXPECT_EQ(transactions.size(),
                  std::min<std::size_t>(static_cast<std::size_t>(number), PersistentState::kMaxTransactions));

        std::set<std::uint64_t> undelivered;
        const auto waiting = store.readUndelivered(0, 10'000);
        ASSERT_TRUE(waiting) << waiting.error().message;
        EXPECT_EQ(waiting->damagedRows, 0U);
        for (const auto& reading : waiting->readings) undelivered.insert(reading.record.seq);
        const std::set<std::uint64_t> expected = workload.undeliveredAfter(acknowledged);
        EXPECT_TRUE(std::includes(undelivered.begin(), undelivered.end(), expected.begin(), expected.end()));
        expectCommands(dir.file("journal.db"), number);

        WriteBatch more;
        more.state.values["goes on"] = "yes";
        EXPECT_TRUE(store.write(more));
    }

    /// All of them, or the latest where the journal is too small for all.
    void expectCommands(const std::string& path, long last) {
        auto reader = JournalReader::open(path, {.kind = "command"});
        ASSERT_TRUE(reader) << reader.error().message;
        std::vector<long> found;
        while (true) {
            const auto rows = reader->next(256);
            ASSERT_TRUE(rows) << rows.error().message;
            if (rows->empty()) break;
            for (const JournalRow& row : *rows)
                found.push_back(std::atol(std::get<Stored<CommandRecord>>(row).record.payload.c_str()));
        }
        EXPECT_EQ(reader->damaged(), 0U);
        std::vector<long> expected;
        const long first = isEverythingKept() ? 1 : std::max(1L, last - 20);
        for (long number = first; number <= last; ++number) expected.push_back(number);
        ASSERT_GE(found.size(), expected.size());
        EXPECT_TRUE(std::equal(expected.rbegin(), expected.rend(), found.rbegin()));
    }

    RecordingVfs vfs;
    Workload workload{isEverythingKept() ? 0U : 8'000U};
    CuttableStorage storage;
    std::vector<StorageCall> calls;
};

TEST_P(PowerCutTest, LosesNothingThatWasAcknowledged) {
    record();
    ASSERT_FALSE(HasFatalFailure());
    const std::size_t cuts = cutsWanted();
    std::mt19937 random(20261121);
    std::vector<std::size_t> moments(cuts);
    for (std::size_t& moment : moments) moment = random() % (calls.size() + 1);
    std::sort(moments.begin(), moments.end());

    std::size_t applied = 0;
    long acknowledged = 0;
    for (const std::size_t moment : moments) {
        for (; applied < moment; ++applied) {
            storage.apply(calls[applied]);
            if (calls[applied].kind == StorageCall::Kind::kMark) acknowledged = calls[applied].mark;
        }
        expectWhole(storage.cut(random), acknowledged);
        ASSERT_FALSE(HasFailure()) << "cut at call " << moment << " of " << calls.size() << ", after batch "
                                   << acknowledged;
    }
    std::cout << cuts << " power cuts in " << calls.size() << " calls: nothing lost, nothing damaged\n";
}

INSTANTIATE_TEST_SUITE_P(Journal, PowerCutTest, ::testing::Values(Size::kKeepsAll, Size::kPrunes),
                         [](const auto& size) { return size.param == Size::kPrunes ? "ThatPrunes" : "ThatKeepsAll"; });

}  // namespace
}  // namespace edge
