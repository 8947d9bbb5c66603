// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fakes/faulty_vfs.hpp"
#include "fakes/manual_loop.hpp"
#include "fakes/temp_dir.hpp"
#include "journal/journal.hpp"
#include "journal/reader.hpp"

namespace edge {

/// A journal in a directory of its own; the loop is also its strand, so that everything runs when the test says so.
class JournalFixture : public ::testing::Test {
  protected:
    static constexpr const char* kBoot = "0123456789abcdef0123456789abcdef";

    JournalFixture() {
        config.path = dir.file("journal.db");
        config.flush = seconds{60};
    }

    /// As if the agent had been started anew (the old one without a goodbye).
    Result<JournalSnapshot> start() {
        journal.reset();
        loop->runPending();
        journal = std::make_unique<Journal>(*loop, loop, config, kBoot);
        std::optional<Result<JournalSnapshot>> snapshot;
        journal->open([&](Result<JournalSnapshot> opened) { snapshot = std::move(opened); });
        EXPECT_FALSE(snapshot) << "a callback ran inside the call";
        loop->runPending();
        if (!snapshot) return fail(Errc::kInternal, "open() did not answer");
        return *snapshot;
    }

    /// All that waits is done, the next commit too.
    void settle() { loop->advance(Journal::kCommitPause); }

    void stop() {
        bool isClosed = false;
        journal->close([&] { isClosed = true; });
        loop->runPending();
        EXPECT_TRUE(isClosed);
        journal.reset();
    }

    ReadingRecord reading(std::uint64_t seq, double value = 21.5) {
        ReadingRecord record;
        record.time = loop->clock().wallNow();
        record.bootId = kBoot;
        record.seq = seq;
        record.sensor = "room";
        record.value = value;
        return record;
    }

    CommandRecord command(const std::string& payload) {
        return {loop->clock().wallNow(), "command", payload, payload, "ok", "", ""};
    }

    void recordReadings(std::uint64_t first, std::uint64_t last) {
        for (std::uint64_t seq = first; seq <= last; ++seq) journal->record(reading(seq));
    }

    std::vector<ReadingRecord> fetch(std::size_t count) {
        std::vector<ReadingRecord> taken;
        bool isDone = false;
        journal->fetch(count, [&](std::vector<ReadingRecord> found) {
            taken = std::move(found);
            isDone = true;
        });
        EXPECT_FALSE(isDone) << "a callback ran inside the call";
        loop->runPending();
        EXPECT_TRUE(isDone);
        return taken;
    }

    static std::vector<std::uint64_t> seqs(const std::vector<ReadingRecord>& readings) {
        std::vector<std::uint64_t> list;
        list.reserve(readings.size());
        for (const ReadingRecord& one : readings) list.push_back(one.seq);
        return list;
    }

    /// What a reader from outside sees in the file now.
    template <typename T>
    std::vector<T> fileRows() {
        std::vector<T> found;
        auto reader = JournalReader::open(config.path, {});
        if (!reader) return found;
        while (true) {
            const auto rows = reader->next(100);
            EXPECT_TRUE(rows) << rows.error().message;
            if (!rows || rows->empty()) return found;
            for (const JournalRow& row : *rows) {
                if (const auto* stored = std::get_if<Stored<T>>(&row)) found.push_back(stored->record);
            }
        }
    }

    FaultyVfs vfs;  // first: it must outlive every connection
    TempDir dir;
    JournalConfig config;
    std::shared_ptr<ManualLoop> loop = std::make_shared<ManualLoop>();
    std::unique_ptr<Journal> journal;
};

}  // namespace edge
