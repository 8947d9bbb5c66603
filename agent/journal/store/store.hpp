// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "journal/records.hpp"
#include "journal/settings.hpp"
#include "journal/store/file.hpp"
#include "journal/store/prune.hpp"
#include "journal/store/sqlite.hpp"

namespace edge {

/// What goes into the file in one commit.
struct WriteBatch {
    std::vector<JournalRow> rows;  ///< readings excepted
    std::vector<Stored<ReadingRecord>> readings;
    PersistentState state;             ///< what changed of it
    std::set<std::int64_t> delivered;  ///< readings in the file that the broker has now: deleted or marked
    std::optional<AgeLimit> expire;    ///< set: delete a step of what is too old

    [[nodiscard]] bool isEmpty() const {
        return rows.empty() && readings.empty() && state.values.empty() && state.transactions.empty() &&
               delivered.empty();
    }
};

/// The file, as it was found when it was opened.
struct StoreOpened {
    PersistentState state;
    std::int64_t nextId = 1;  ///< no row has this id or a greater one, nor ever had
    std::uint64_t undelivered = 0;
    std::uint64_t corruptRows = 0;  ///< of state and transactions
    std::int64_t fileBytes = 0;
    std::string warning;  ///< "" or what was wrong with the file and what was done about it
    std::string problem;  ///< "" or why it cannot be written, though it could be read
};

struct WriteOutcome {
    std::optional<StoreOpened> reopened;  ///< the file had to be opened (again) first; counted after the batch
    Pruned pruned;
    std::int64_t fileBytes = 0;  ///< with its WAL
};

/// What a search for undelivered readings found.
struct ReadOutcome {
    std::vector<Stored<ReadingRecord>> readings;  ///< intact ones, oldest first
    std::uint64_t damagedRows = 0;                ///< their checksum is wrong: they were deleted
    std::optional<std::uint64_t> undelivered;     ///< counted again where rows were deleted
    std::int64_t lastId = 0;                      ///< the last row that was looked at
    bool isAtEnd = false;                         ///< there are no rows after it
};

/// The file itself: a SQLite database in WAL mode, every commit on the disk before write() returns, bounded by age and
/// size. A failure leaves the file as the last commit left it, or quarantines it. Thread: one strand; everything
/// blocks.
class JournalStore {
  public:
    explicit JournalStore(JournalConfig config) : config_(std::move(config)) {}

    /// Opens or makes the file, within seconds. A file that is damaged, of a newer schema or not a journal is renamed
    /// to `<path>.corrupt-<n>`, and a new one is made with what could be salvaged. Errors: Errc::kBusy = another agent
    /// has it; anything else: it cannot be read or made now, and write() tries again.
    Result<StoreOpened> open();

    /// Commits the batch. Opens the file first where it is not open. An error says what to do; the batch may or may not
    /// be in the file then, and can be passed again.
    Result<WriteOutcome> write(const WriteBatch& batch);

    /// Undelivered readings after this id, oldest first. Deletes damaged rows. Nothing while the file is not open.
    Result<ReadOutcome> readUndelivered(std::int64_t afterId, std::size_t limit);

    /// Other limits from now on; for another path, close() comes first.
    void configure(JournalConfig config) { config_ = std::move(config); }

    /// Another store may have the file from then on. The persistent state stays here, and goes into the file that is
    /// opened next.
    void close();

  private:
    Result<StoreOpened> openFile();
    Result<StoreOpened> replaceFile(const std::string& damage);
    Result<void> createFile();
    Result<StoreOpened> load(Database& db);
    Result<void> loadState(Database& db, StoreOpened& loaded);
    Result<void> writeKept(Database& db, std::int64_t nextId);
    void salvage(const std::string& quarantined);
    [[nodiscard]] bool hasState() const { return !state_.values.empty() || !state_.transactions.empty(); }
    Result<void> ensureWritable(WriteOutcome& outcome);
    Result<void> insertAll(const WriteBatch& batch);
    Result<void> removeDelivered(std::int64_t id);
    void maintain(const WriteBatch& batch, WriteOutcome& outcome);
    void markSuspect(const Error& error);
    [[nodiscard]] tl::unexpected<Error> withAdvice(const Error& error) const;

    JournalConfig config_;
    UniqueFd lock_;
    std::optional<Database> db_;
    PersistentState state_;  ///< a copy of what the file has: a new file gets it
    /// Undelivered readings of a quarantined file, until they are in the new one.
    std::vector<Stored<ReadingRecord>> salvagedReadings_;
    bool isSuspect_ = false;       ///< reading or writing the file failed: check all of it
    std::int64_t reservedId_ = 0;  ///< the file knows that ids below this may have been used
    std::size_t untrimmed_ = 0;    ///< at most so many transactions in the file beyond those that are kept
};

}  // namespace edge
