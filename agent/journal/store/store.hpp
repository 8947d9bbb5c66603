// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/time/time.hpp"
#include "journal/records.hpp"
#include "journal/settings.hpp"
#include "journal/store/contents.hpp"
#include "journal/store/lock.hpp"
#include "journal/store/pruner.hpp"
#include "journal/store/sqlite.hpp"

namespace edge {

/// What goes into the file in one commit.
struct WriteBatch {
    std::vector<Stored<CommandRecord>> commands;
    std::vector<Stored<CaptureRecord>> captures;
    std::vector<Stored<EventRecord>> events;
    std::vector<Stored<ReadingRecord>> readings;
    Transactions transactions;
    std::map<std::string, std::string> state;
    std::vector<std::int64_t> delivered;  ///< readings in the file that the broker has now
    std::optional<AgeLimit> expire;       ///< set: remove a step of what is too old

    [[nodiscard]] bool hasRows() const;
};

/// The file, as it was found when it was opened.
struct StoreOpened {
    JournalEssence essence;
    std::int64_t nextId = 1;
    std::uint64_t undelivered = 0;
    std::uint64_t corruptRows = 0;
    std::int64_t fileBytes = 0;
    std::string warning;  ///< "" or what was wrong with the file and what was done about it
    std::string problem;  ///< "" or why it cannot be written, though it could be read
};

struct WriteOutcome {
    std::optional<StoreOpened> reopened;  ///< the file had to be opened (again) first; counted after the batch
    Pruned pruned;
    std::int64_t fileBytes = 0;  ///< with its WAL
};

/// The file itself: a SQLite database in WAL mode, every commit on the disk before write() returns. Bounded by age and
/// size. Blocks; all on one strand. Whatever fails leaves the file as the last commit left it, or sets it aside.
class JournalStore {
  public:
    explicit JournalStore(JournalConfig config);

    /// Opens or makes the file, within seconds. A file that is damaged, of a newer schema or not a journal is renamed
    /// to
    /// `<path>.corrupt-<n>` and a new one is made, with what could be rescued. Errors: Errc::kBusy = another agent has
    /// it; anything else: it cannot be read or made now, and write() tries again.
    Result<StoreOpened> open();

    /// Commits the batch. Opens the file first where it is not open, and sets it aside where it turns out to be
    /// damaged. An error says what to do; nothing of the batch may be taken for written then, and it can be passed
    /// again as it is.
    Result<WriteOutcome> write(const WriteBatch& batch);

    /// Undelivered readings after this id, oldest first. Damaged rows are removed. Nothing while the file is not open.
    Result<ReadOutcome> readUndelivered(std::int64_t afterId, std::size_t limit);

    /// Other limits from now on; for another path, close() comes first.
    void configure(JournalConfig config) { config_ = std::move(config); }

    /// Closes the file as complete: the next open() need not check a large one. Another store may have it from then on.
    /// State and transactions stay here, and go into the file that is opened next.
    void close();

  private:
    Result<void> ensureWritable(WriteOutcome& outcome);
    Result<void> commit(const WriteBatch& batch);
    Result<void> insertAll(const WriteBatch& batch);
    Result<void> trim(const Transactions& added);
    Result<void> settle(const std::vector<std::int64_t>& delivered);
    void remember(const WriteBatch& batch);
    void maintain(const WriteBatch& batch, WriteOutcome& outcome);
    void recount(WriteOutcome& outcome);
    void distrust(const Error& error);
    [[nodiscard]] tl::unexpected<Error> withAdvice(const Error& error) const;

    JournalConfig config_;
    std::optional<JournalLock> lock_;
    std::optional<Database> db_;
    JournalEssence essence_;       ///< what the file holds of it, or should
    std::string damage_;           ///< set: what the file was found to suffer from while it was open
    bool isSuspect_ = false;       ///< the storage failed under the open file
    std::int64_t reservedId_ = 0;  ///< the file knows that ids below this may have been used
    std::size_t untrimmed_ = 0;    ///< so many transactions may be in the file beyond those that are kept
    bool mayShrink_ = true;        ///< the file may have many free pages
};

}  // namespace edge
