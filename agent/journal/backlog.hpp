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
#include "journal/store/store.hpp"

namespace edge {

/// The readings that wait to be delivered: a queue by id, whose older part is in the file and whose newer part is in
/// memory. A cursor says up to where the file was fetched; a fetched reading is in flight until it is acked (to be
/// deleted, or marked as delivered) or nacked (the cursor goes back to it). Ids are those of this start: see
/// Journal::Impl::idOffset. Thread: the loop's.
class Backlog {
  public:
    /// Readings in memory while the file cannot be written: half a day of one every 4 s.
    static constexpr std::size_t kMaxInMemory = 10'000;
    static constexpr std::size_t kMaxAcked = 2'000;  ///< in one batch: the WAL grows by a batch

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
    void ack(std::int64_t id, std::int64_t nowMs);
    void nack(std::int64_t id);

    // ---- the file

    /// Copies what is in memory into `batch`. It stays here until the commit has succeeded.
    void copyReadingsTo(WriteBatch& batch);
    void copyAckedTo(WriteBatch& batch);
    void onWritten(const WriteBatch& batch, const Pruned& pruned);
    void onNotWritten() { onWriteEnded(); }
    /// The file was opened: it has so many undelivered readings, none after `lastId`.
    void onOpened(std::uint64_t undelivered, std::int64_t lastId);
    /// Another file replaces this one, whose rows stay there. Not while a batch is written.
    void leaveFile();

    /// The time (as Stamp::monoMs) since when a reading or an ack has waited to be written.
    [[nodiscard]] std::optional<std::int64_t> oldestMs() const;
    [[nodiscard]] bool hasUnwritten() const { return !memory_.empty() || !acked_.empty(); }
    [[nodiscard]] std::size_t inMemory() const { return memory_.size(); }
    [[nodiscard]] std::uint64_t inFile() const { return inFile_; }
    [[nodiscard]] std::uint64_t queued() const { return undeliveredInMemory_ + inFile_; }
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  private:
    static constexpr std::int64_t kStart = -(std::int64_t{1} << 62);  ///< before every id
    using Memory = std::map<std::int64_t, Stored<ReadingRecord>>;

    ReadingRecord putInFlight(const Stored<ReadingRecord>& reading);
    Memory::iterator remove(Memory::iterator reading);
    void dropBeyondLimit();
    void onWriteEnded();

    KeepReadings keep_;
    Memory memory_;  ///< by id, so oldest first
    std::size_t undeliveredInMemory_ = 0;
    std::int64_t cursor_ = kStart;
    std::int64_t fileEnd_ = kStart;             ///< the last id that the file may have
    std::uint64_t inFile_ = 0;                  ///< undelivered rows that are not acked
    std::map<std::int64_t, bool> inFlight_;     ///< true: its row was pruned meanwhile
    std::set<std::int64_t> acked_;              ///< the file has it, or may have it: to be deleted or marked
    std::optional<std::int64_t> ackedSinceMs_;  ///< of the oldest ack that no batch has taken; 0: it is overdue
    bool isWriting_ = false;                    ///< a batch with what was in memory is being committed
    std::int64_t mayBeInFile_ = kStart;         ///< readings in memory up to this id were in a batch
    std::uint64_t dropped_ = 0;
};

}  // namespace edge
