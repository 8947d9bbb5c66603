// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/loop/loop.hpp"
#include "core/loop/scope.hpp"
#include "core/result.hpp"
#include "journal/backlog.hpp"
#include "journal/records.hpp"
#include "journal/settings.hpp"
#include "journal/store/prune.hpp"
#include "journal/store/store.hpp"
#include "journal/write_buffer.hpp"

namespace edge {

/// What was found when the journal was opened.
struct JournalSnapshot {
    std::map<std::string, std::string> state;     ///< by the keys of saveState()
    std::vector<TransactionRecord> transactions;  ///< oldest first, at most 256
    std::uint64_t undelivered = 0;                ///< readings in the file that wait to be delivered
    std::string warning;  ///< "" or what was wrong with the file and what was done about it; it was logged already
};

/// The state of the journal, for health.
struct JournalHealth {
    bool writable = true;           ///< false: running from memory (disk full, read-only, fsync failed)
    std::string problem;            ///< "" while writable
    std::uint64_t corruptRows = 0;  ///< rows with a wrong checksum, left out
    /// Undelivered ones that were lost to age, size or memory, or are not kept at all.
    std::uint64_t droppedReadings = 0;
    std::uint64_t droppedRows = 0;     ///< commands, captures and events that did not fit in memory
    std::uint64_t queuedReadings = 0;  ///< undelivered, in memory and in the file
    std::int64_t fileBytes = 0;
};

/// What the agent remembers over restarts: a bounded SQLite file (JournalStore), written on one strand, behind a buffer
/// in memory (WriteBuffer; Backlog for readings). Nothing here blocks the loop, and nothing is lost silently: what
/// cannot be written stays in the bounded buffer, and what does not fit there is counted. Thread: the loop's, callbacks
/// too; callbacks never run inside the call.
class Journal {
  public:
    /// Between two commits. The first of several commands is answered at once, the others share the next commit: each
    /// costs as much processor time as a small picture, and wears the card.
    static constexpr milliseconds kCommitPause{10};

    /// `strand` does the SQLite work; it may outlive the journal, and the loop must outlive what runs on it. `bootId`
    /// of this boot goes into every row.
    Journal(Loop& loop, std::shared_ptr<Executor> strand, JournalConfig config, std::string bootId);

    /// Opens or makes the file; `done` gets what it holds. A damaged file is quarantined and a new one made; when none
    /// can be made, the journal runs from memory (health().writable is false) and tries again later. The only error is
    /// Errc::kBusy: another running agent has the journal (the message says its pid). What is recorded before waits.
    void open(std::function<void(Result<JournalSnapshot>)> done);

    /// Applies other limits. With another path the file is closed and that one opened or made: state, transactions and
    /// what waits in memory go into it; rows that were written stay where they are.
    void configure(const JournalConfig& config);

    /// Commands, transactions and state are committed (fsync) as soon as the strand gets to them, many in one commit.
    /// `done` runs when the row is on disk, or when the journal knows that it cannot be (it is in memory then).
    void record(CommandRecord record, Task done);
    void record(TransactionRecord record, Task done);
    void saveState(const std::string& key, std::string value, Task done);
    /// Writes what waits. `done` as for a command.
    void flush(Task done) { commit(std::move(done)); }
    /// Written with the next commit, at the latest after journal.flush.
    void record(std::variant<CaptureRecord, EventRecord> record);

    /// A reading that was not delivered (or any, with readings = "all"; then `delivered` says which): waits in memory
    /// and is written after journal.flush, when 64 wait, or on close. With readings = "none" it is dropped and counted.
    /// A value that is not finite is ignored.
    void record(ReadingRecord record);

    /// Up to `count` of the oldest undelivered readings that are not in flight; fewer only where there are no more, or
    /// the file cannot be read now. They are in flight, and stay the journal's, until ack() or nack() of their `id`. A
    /// time from before the clock was synchronised is corrected, for readings of this run. Call after open().
    void fetch(std::size_t count, std::function<void(std::vector<ReadingRecord>)> done);
    /// Delivered: deleted (readings = "undelivered") or marked ("all"), in the file with one of the next commits, at
    /// the latest after journal.flush. If the agent is killed before that, the reading is sent again.
    void ack(std::int64_t id);
    /// Not delivered: fetch() returns it again.
    void nack(std::int64_t id);

    [[nodiscard]] JournalHealth health() const;

    /// Writes everything and closes the file. `done` is called within the strand's next tasks; what is recorded after
    /// is lost.
    void close(Task done);

  private:
    struct Fetch;

    template <typename Work, typename Then>
    void onStore(Work work, Then then);
    void onOpened(Result<StoreOpened> opened, const std::function<void(Result<JournalSnapshot>)>& done);
    void onFileOpened(const StoreOpened& opened);
    void renumber(std::int64_t firstFreeId);
    void changeFile();

    template <typename Record>
    Stored<Record> makeRow(Record record);
    void commit(Task done);
    void writeBy(SteadyTime time);
    void schedule();
    void writeIfDue();
    void write();
    void onWritten(const WriteBatch& batch, Result<WriteOutcome> outcome);
    void postWaiting();
    void closeStep();

    void setProblem(const std::string& problem);
    void setWritable();
    void countCorrupt(std::uint64_t rows);
    void warnOfDrops();

    void fetch(const std::shared_ptr<Fetch>& request);
    void finishFetch(Fetch& request);
    void correctTime(ReadingRecord& reading) const;
    [[nodiscard]] std::int64_t monoMs() const;
    [[nodiscard]] bool hasUnwritten() const { return !buffer_.isEmpty() || backlog_.hasUnwritten(); }

    Loop& loop_;
    JournalConfig config_;
    const std::string bootId_;
    const std::shared_ptr<Executor> strand_;
    const std::shared_ptr<JournalStore> store_;  ///< used on the strand only
    WriteBuffer buffer_;
    Backlog backlog_;
    Expiry expiry_;
    JournalHealth health_;  ///< without the counters of buffer_ and backlog_

    std::int64_t nextId_ = 1;  ///< of the next row; ids ascend in the order of recording
    bool isBusy_ = true;       ///< the store is opening, writing or closing, or open() was not called yet
    bool isOpened_ = false;    ///< the file at config_.path was opened: no id in it is nextId_ or greater
    bool isMoving_ = false;    ///< to another path, as soon as the store is not busy
    bool isClosing_ = false;
    bool hasTriedLast_ = false;
    bool isPosted_ = false;          ///< writeIfDue() runs with the loop's next turn
    std::optional<SteadyTime> due_;  ///< when the next batch is written; nullopt: nothing waits
    SteadyTime lastWrite_{};
    std::vector<Task> waiting_;  ///< for the next commit
    Task closed_;
    std::string readingsBootId_;  ///< of the readings that are recorded now
    SteadyTime nextDropLog_{};
    Timer timer_;
    Scope scope_;
};

}  // namespace edge
