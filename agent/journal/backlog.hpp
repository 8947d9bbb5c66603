// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "journal/records.hpp"
#include "journal/settings.hpp"
#include "journal/store/store.hpp"

namespace edge {

/// The readings that wait to be delivered: a queue by id, whose older part is in the file and whose newer part is in
/// memory. A cursor says up to where the file was fetched; a fetched reading is in flight until it is acked (to be
/// deleted, or marked as delivered) or nacked (the cursor goes back to it). Thread: the loop's.
class Backlog {
  public:
    /// Readings in memory while the file cannot be written: half a day of one every 4 s.
    static constexpr std::size_t kMaxInMemory = 10'000;

    explicit Backlog(KeepReadings keep) : keep_(keep) {}

    void setKeep(KeepReadings keep) { keep_ = keep; }
    /// The oldest is dropped where memory is full, and counted.
    void add(Stored<ReadingRecord> reading);

    // ---- fetch, ack, nack

    /// Whether the file may have readings after cursor().
    [[nodiscard]] bool fileHasMore() const { return cursor_ < fileEnd_; }
    [[nodiscard]] std::int64_t cursor() const { return cursor_; }
    /// Takes what the store found after `from`, a former cursor(). Moves the cursor, unless a nack has moved it since.
    [[nodiscard]] std::vector<ReadingRecord> fetchFromFile(const ReadOutcome& found, std::int64_t from);
    /// The oldest in memory, once the file has no more.
    [[nodiscard]] std::vector<ReadingRecord> fetchFromMemory(std::size_t count);
    /// Both do nothing for an id that is not in flight.
    void ack(std::int64_t id);
    void nack(std::int64_t id);

    // ---- the file

    /// Copies what is in memory, and what was acked, into `batch`. It stays here until the commit has succeeded.
    void copyTo(WriteBatch& batch);
    void onWritten(const WriteBatch& batch, const Pruned& pruned);
    void onNotWritten();
    /// The file was opened: it has so many undelivered readings, none after `lastId`.
    void onOpened(std::uint64_t undelivered, std::int64_t lastId);
    /// Another file replaces this one, whose rows stay there. Not while a batch is written.
    void leaveFile();
    /// Nothing is in flight afterwards. Only while the file has none of what is in memory.
    void addToIds(std::int64_t offset);

    [[nodiscard]] const std::set<std::int64_t>& acked() const { return acked_; }
    [[nodiscard]] bool hasUnwritten() const { return !memory_.empty() || !acked_.empty(); }
    [[nodiscard]] std::size_t inMemory() const { return memory_.size(); }
    [[nodiscard]] std::uint64_t inFile() const { return inFile_; }
    [[nodiscard]] std::uint64_t queued() const { return undeliveredInMemory_ + inFile_; }
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  private:
    using Memory = std::map<std::int64_t, Stored<ReadingRecord>>;

    ReadingRecord putInFlight(const Stored<ReadingRecord>& reading);
    Memory::iterator remove(Memory::iterator reading);
    void dropBeyondLimit();

    KeepReadings keep_;
    Memory memory_;  ///< by id, so oldest first
    std::size_t undeliveredInMemory_ = 0;
    std::int64_t cursor_ = 0;
    std::int64_t fileEnd_ = 0;               ///< the last id that the file may have
    std::uint64_t inFile_ = 0;               ///< undelivered rows that are not acked
    std::map<std::int64_t, bool> inFlight_;  ///< true: its row was pruned meanwhile
    std::set<std::int64_t> acked_;           ///< the file has it, or may have it: to be deleted or marked
    bool isWriting_ = false;                 ///< a batch with what was in memory is being committed
    std::int64_t mayBeInFile_ = 0;           ///< readings in memory up to this id were in a batch
    std::uint64_t dropped_ = 0;
};

}  // namespace edge
