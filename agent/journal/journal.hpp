// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/loop/loop.hpp"
#include "core/result.hpp"
#include "journal/records.hpp"
#include "journal/settings.hpp"

namespace edge {

/// What was found when the journal was opened.
struct JournalSnapshot {
    std::map<std::string, std::string> state;     ///< what saveState kept
    std::vector<TransactionRecord> transactions;  ///< oldest first, at most 256
    std::uint64_t undelivered = 0;                ///< readings that wait in the file
    std::string warning;  ///< "" or what was wrong with the file and what was done about it; it is in the log already
};

/// How the journal is doing, for health.
struct JournalHealth {
    bool writable = true;           ///< false: running from memory (disk full, read-only, fsync failed)
    std::string problem;            ///< "" while writable
    std::uint64_t corruptRows = 0;  ///< found by their checksum, set aside
    std::uint64_t droppedReadings =
        0;  ///< undelivered ones that age, size or memory pushed out, or that are not to be kept
    std::uint64_t droppedRows = 0;     ///< commands, captures and events that memory had no room for
    std::uint64_t queuedReadings = 0;  ///< undelivered, in memory and in the file
    std::int64_t fileBytes = 0;
};

/// The agent's memory over restarts: a bounded SQLite file (store.hpp) written by one strand, behind a small
/// buffer in memory. Nothing here blocks the loop; nothing is lost silently: what cannot be written stays in a bounded
/// buffer, and what falls out of that is counted.
/// Thread: the loop's, callbacks too; callbacks never run inside the call.
class Journal {
  public:
    /// From one commit to the next. The first of several commands is answered at once, the others share the next
    /// commit: each costs as much processor time as a small picture, and something of a card's life.
    static constexpr milliseconds kCommitPause{10};

    /// `strand` does the SQLite work; it may outlive the journal, and the loop must outlive what runs on it. `bootId`
    /// of this boot goes into every row.
    Journal(Loop& loop, std::shared_ptr<Executor> strand, JournalConfig config, std::string bootId);
    ~Journal();

    /// Opens or makes the file; `done` gets what it holds. A damaged file is renamed aside and a new one made; a file
    /// that cannot be made leaves the journal in memory (health().writable is false), and it is tried again later. Only
    /// a journal that another running agent holds is an error (Errc::kBusy, with its pid). What is recorded before
    /// waits.
    void open(std::function<void(Result<JournalSnapshot>)> done);

    /// Other limits hold from now on. With another path the file is closed and that one opened or made: state,
    /// transactions and what waits in memory go into it; rows that were written stay where they are.
    void configure(const JournalConfig& config);

    /// Commands, transactions and state are committed (fsync) as soon as the strand gets to them, many in one commit.
    /// `done` runs when the row is on disk, or when the journal knows that it cannot be (it is in memory then).
    void record(CommandRecord record, Task done);
    void record(TransactionRecord record, Task done);
    void saveState(const std::string& key, std::string value, Task done);
    /// Written with the next commit, at the latest after journal.flush.
    void record(CaptureRecord record);
    void record(EventRecord record);

    /// A reading that the broker did not take (or any, with readings = "all", then `delivered` says which): waits in
    /// memory and is written after journal.flush, when 64 wait, or on close. With readings = "none" it is dropped, and
    /// counted. A value that is not finite is no reading and is dropped, too.
    void record(ReadingRecord record);

    /// Up to `count` of the oldest undelivered readings that are not lent already; fewer only where there are no more
    /// (or the file cannot be read now). They stay the journal's until settled, which is by their `id`. What was taken
    /// before the clock was synchronised, since this program's start, has its time put right as soon as it is.
    void takeBacklog(std::size_t count, std::function<void(std::vector<ReadingRecord>)> done);
    /// The broker has it: removed (readings = "undelivered") or marked delivered ("all"). In the file this is done with
    /// one of the next commits, at the latest after journal.flush: should the agent die before, it is sent once more.
    void settleDelivered(const ReadingRecord& reading);
    /// It was not delivered after all: goes back to the front of the backlog.
    void settleReturned(const ReadingRecord& reading);

    [[nodiscard]] const JournalHealth& health() const;

    /// Writes everything and closes the file. `done` is called within the strand's next tasks; what is recorded after
    /// is lost.
    void close(Task done);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace edge
