// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "journal/records.hpp"
#include "journal/settings.hpp"
#include "journal/store/pruner.hpp"
#include "journal/store/store.hpp"

namespace edge {

/// Where every reading is that the journal was given: in memory, on its way into the file, in the file, lent to whoever
/// sends it, or done with. The book-keeping only; the file is the store's. Thread: the loop's.
class ReadingBacklog {
  public:
    /// Readings that wait in memory while the file cannot take them: half a day of one every 4 s.
    static constexpr std::size_t kMaxInMemory = 10'000;
    static constexpr std::size_t kMaxDeletes = 2'000;  ///< in one batch: the WAL grows by a batch

    explicit ReadingBacklog(KeepReadings keep) : keep_(keep) {}

    /// The oldest goes where memory is full, and is counted.
    void add(Stored<ReadingRecord> reading);

    /// Moves what waits in memory into `batch`.
    void takeForWriting(WriteBatch& batch);
    /// Copies the ids of readings in the file that are done with into `batch`.
    void takeSettled(WriteBatch& batch);
    /// The end of that batch.
    void onWritten(const WriteBatch& batch, const Pruned& pruned);
    void onNotWritten(WriteBatch& batch);
    void setKeep(KeepReadings keep) { keep_ = keep; }
    /// Another file takes the place of the one there was, whose rows stay there. Not while a batch is written.
    void leaveFile();
    /// The file holds this many undelivered readings: it was opened, perhaps not for the first time.
    void onOpened(std::uint64_t undelivered);

    /// Up to `count` that were returned, then (once the file holds no more) from memory; they are lent with this call.
    [[nodiscard]] std::vector<ReadingRecord> lendReturned(std::size_t count);
    [[nodiscard]] std::vector<ReadingRecord> lendFromMemory(std::size_t count);
    /// Whether the file may hold readings that were never lent, and after which id.
    [[nodiscard]] bool fileMayHoldMore() const { return fileMayHoldMore_; }
    [[nodiscard]] std::int64_t readPosition() const { return readPosition_; }
    /// What the store found there, for a wish of `limit`. Lends those that are neither lent nor done with by now.
    [[nodiscard]] std::vector<ReadingRecord> lendFromFile(const ReadOutcome& outcome, std::size_t limit);

    void settleDelivered(const ReadingRecord& reading);
    void settleReturned(const ReadingRecord& reading);

    /// Adds `offset` to every id that is negative, also of readings that are settled later.
    void shiftIds(std::int64_t offset);

    /// Stamp::monoMs of the one that has waited longest in memory.
    [[nodiscard]] std::optional<std::int64_t> oldestInMemory() const;
    [[nodiscard]] std::size_t inMemory() const { return memory_.size(); }
    [[nodiscard]] bool hasSettled() const { return !settled_.empty(); }
    [[nodiscard]] std::uint64_t queued() const;
    [[nodiscard]] std::size_t undeliveredInMemory() const { return undeliveredInMemory_; }
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  private:
    [[nodiscard]] std::int64_t currentId(std::int64_t id) const { return id < 0 ? id + offset_ : id; }
    void remember(Stored<ReadingRecord> reading);
    void erase(std::map<std::int64_t, Stored<ReadingRecord>>::iterator reading);
    void dropBeyondLimit();
    enum class Loss { kCounted, kUncounted };
    void forgetRow(std::int64_t id, Loss loss);

    KeepReadings keep_;
    std::map<std::int64_t, Stored<ReadingRecord>> memory_;  ///< by id, so oldest first
    std::size_t undeliveredInMemory_ = 0;
    std::set<std::int64_t> writing_;                  ///< undelivered, in the batch that the store has just now
    std::set<std::int64_t> lent_;                     ///< wherever they are
    std::set<std::int64_t> gone_;                     ///< lent, and their row was removed meanwhile
    std::map<std::int64_t, ReadingRecord> returned_;  ///< in the file (or writing_), before readPosition_ or not
    std::set<std::int64_t> settled_;  ///< in the file (or on the way), and done with: to be removed or marked
    std::uint64_t inFile_ = 0;        ///< undelivered rows that are not settled
    bool fileMayHoldMore_ = false;
    std::int64_t readPosition_ = 0;
    std::int64_t offset_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace edge
