// SPDX-License-Identifier: MIT
#include "journal/store/store.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "journal/store/journal_file.hpp"
#include "journal/store/tables.hpp"

namespace edge {
namespace {

/// Ids are reserved in blocks, so that not every commit writes the highest one.
constexpr std::int64_t kReservedIds = 4096;
/// Old transactions go in blocks, too: to find them costs more than all the rest of a commit.
constexpr std::size_t kTrimmedTogether = 64;

const char* adviceFor(Errc code) {
    switch (code) {
        case Errc::kTooLarge:
            return "free some space on its file system";
        case Errc::kPermission:
            return "let the agent's user write there, and see that the file system is not mounted read-only";
        case Errc::kNotFound:
            return "create the directory, or set another journal.path";
        case Errc::kBusy:
            return "end the other program that uses it";
        case Errc::kIo:
        case Errc::kFault:
            return "look into the kernel's log: the storage may be failing";
        default:
            return "set another journal.path";
    }
}

std::int64_t highestId(const auto& rows) {
    std::int64_t highest = 0;
    for (const auto& row : rows) highest = std::max(highest, row.stamp.id);
    return highest;
}

}  // namespace

bool WriteBatch::hasRows() const {
    return !(commands.empty() && captures.empty() && events.empty() && readings.empty() && transactions.empty() &&
             state.empty() && delivered.empty());
}

JournalStore::JournalStore(JournalConfig config) : config_(std::move(config)) {}

Result<StoreOpened> JournalStore::open() {
    if (auto made = makeJournalDirectory(config_.path); !made) return withAdvice(made.error());
    if (!lock_ || !lock_->isHeld()) {
        auto lock = JournalLock::take(config_.path);
        if (!lock) return tl::unexpected<Error>(lock.error());
        lock_ = std::move(*lock);
    }
    const FileHistory history{config_.path, lock_->wasClosed(), isSuspect_, damage_};
    auto file = openJournalFile(history, essence_);
    if (!file) return withAdvice(file.error());
    db_ = std::move(file->db);
    damage_.clear();
    isSuspect_ = false;
    reservedId_ = 0;
    untrimmed_ = kTrimmedTogether;
    mayShrink_ = true;
    StoreOpened opened{
        essence_, file->nextId, file->undelivered, file->corruptRows, journalFileBytes(config_.path), file->warning,
        ""};
    if (db_->isReadOnly()) {
        opened.problem = withAdvice({Errc::kPermission, fmt::format("{} can be read but not written", config_.path)})
                             .value()
                             .message;
    }
    return opened;
}

Result<WriteOutcome> JournalStore::write(const WriteBatch& batch) {
    WriteOutcome outcome;
    // Twice, because a file that turns out to be damaged is replaced at once.
    Error error;
    for (int attempt = 0; attempt < 2; ++attempt) {
        if (auto ready = ensureWritable(outcome); !ready) return tl::unexpected<Error>(ready.error());
        const auto done = commit(batch);
        if (done) {
            remember(batch);
            outcome.fileBytes = journalFileBytes(config_.path);
            maintain(batch, outcome);
            recount(outcome);
            return outcome;
        }
        error = done.error();
        distrust(error);
        if (error.code != Errc::kFault) break;
    }
    return withAdvice(error);
}

Result<void> JournalStore::ensureWritable(WriteOutcome& outcome) {
    if (db_ && db_->hasMoved()) {
        // What is written now would go with the deleted file. The lock may be gone with it.
        db_.reset();
        lock_.reset();
    }
    if (db_ && db_->isReadOnly()) db_.reset();
    if (!db_) {
        auto opened = open();
        if (!opened) return tl::unexpected<Error>(opened.error());
        if (!opened->problem.empty()) return fail(Errc::kPermission, opened->problem);
        outcome.reopened = std::move(*opened);
    }
    return {};
}

Result<void> JournalStore::commit(const WriteBatch& batch) {
    if (!batch.hasRows()) return {};
    auto done = db_->transaction([&] { return insertAll(batch); });
    if (!done) {  // neither may be in the file
        reservedId_ = 0;
        untrimmed_ = kTrimmedTogether;
    }
    return done;
}

Result<void> JournalStore::insertAll(const WriteBatch& batch) {
    if (auto done = writeRows(*db_, batch.commands); !done) return done;
    if (auto done = writeRows(*db_, batch.captures); !done) return done;
    if (auto done = writeRows(*db_, batch.events); !done) return done;
    if (auto done = writeRows(*db_, batch.readings); !done) return done;
    for (const auto& [key, value] : batch.state) {
        if (auto done = writeState(*db_, key, value); !done) return done;
    }
    if (auto done = writeRows(*db_, batch.transactions); !done) return done;
    if (auto done = trim(batch.transactions); !done) return done;
    if (auto done = settle(batch.delivered); !done) return done;

    const std::int64_t highest =
        std::max({highestId(batch.commands), highestId(batch.captures), highestId(batch.events),
                  highestId(batch.readings), highestId(batch.transactions)});
    if (highest < reservedId_) return {};
    if (auto done = writeNextId(*db_, highest + kReservedIds); !done) return done;
    reservedId_ = highest + kReservedIds;
    return {};
}

Result<void> JournalStore::trim(const Transactions& added) {
    untrimmed_ += added.size();
    if (added.empty() || untrimmed_ < kTrimmedTogether) return {};
    untrimmed_ = 0;
    return db_->execute(
        fmt::format("DELETE FROM transactions WHERE key IN (SELECT key FROM transactions "
                    "ORDER BY id DESC LIMIT -1 OFFSET {})",
                    kTransactionsKept));
}

Result<void> JournalStore::settle(const std::vector<std::int64_t>& delivered) {
    if (delivered.empty()) return {};
    if (config_.readings != KeepReadings::kAll) {
        auto remove = db_->prepare("DELETE FROM readings WHERE id = ?");
        if (!remove) return tl::unexpected<Error>(remove.error());
        for (const std::int64_t id : delivered) {
            if (auto done = remove->bind(id).run(); !done) return done;
        }
        return {};
    }
    // A mark is part of what the checksum covers, so the row is written anew.
    auto select = db_->prepare(selectSql<ReadingRecord>() + " WHERE id = ?");
    if (!select) return tl::unexpected<Error>(select.error());
    std::vector<Stored<ReadingRecord>> marked;
    for (const std::int64_t id : delivered) {
        const auto row = select->bind(id).step();
        if (!row) return tl::unexpected<Error>(row.error());
        if (!*row) continue;  // pruned meanwhile
        Stored<ReadingRecord> reading;
        if (readRow(*select, reading)) {
            reading.record.delivered = true;
            marked.push_back(std::move(reading));
        }
        select->reset();
    }
    return writeRows(*db_, marked);
}

void JournalStore::remember(const WriteBatch& batch) {
    for (const auto& [key, value] : batch.state) essence_.state[key] = value;
    for (const auto& transaction : batch.transactions) essence_.put(transaction);
}

/// The batch is on the disk whatever happens here, so an error is no error of it: it shows in the next write.
void JournalStore::maintain(const WriteBatch& batch, WriteOutcome& outcome) {
    const auto add = [&](const Result<Pruned>& pruned) {
        if (!pruned) return distrust(pruned.error());
        outcome.pruned.rows += pruned->rows;
        outcome.pruned.undelivered.insert(outcome.pruned.undelivered.end(), pruned->undelivered.begin(),
                                          pruned->undelivered.end());
        outcome.pruned.isUnfinished = outcome.pruned.isUnfinished || pruned->isUnfinished;
    };
    if (batch.expire) add(pruneByAge(*db_, *batch.expire));
    // The tables are never larger than the file and its WAL together, which are asked for at less cost.
    const std::int64_t budget = tableBudget(config_.maxSizeBytes);
    if (db_ && outcome.fileBytes > budget) add(pruneBySize(*db_, budget));
    mayShrink_ = mayShrink_ || outcome.pruned.rows > 0 || !batch.delivered.empty();
    if (!db_ || !mayShrink_) return;
    const auto shrunk = shrinkFile(*db_);
    if (!shrunk) return distrust(shrunk.error());
    mayShrink_ = *shrunk;
    outcome.fileBytes = journalFileBytes(config_.path);
}

/// After an interrupted commit the file may have held rows of this very batch when it was opened: only now the count is
/// right.
void JournalStore::recount(WriteOutcome& outcome) {
    if (!outcome.reopened || !db_) return;
    if (const auto count = countUndelivered(*db_)) outcome.reopened->undelivered = *count;
}

/// A full disk or another program in the way leaves the connection good. After anything else nothing that it believes
/// is sure, least of all after an fsync that failed: the next write opens the file anew and looks.
void JournalStore::distrust(const Error& error) {
    if (error.code == Errc::kTooLarge || error.code == Errc::kBusy) return;
    if (error.code == Errc::kFault) damage_ = error.message;
    isSuspect_ = true;
    db_.reset();
}

Result<ReadOutcome> JournalStore::readUndelivered(std::int64_t afterId, std::size_t limit) {
    ReadOutcome outcome;
    if (!db_) return outcome;
    const auto done = edge::readUndelivered(*db_, afterId, limit, outcome);
    if (!done) {
        distrust(done.error());
        return withAdvice(done.error());
    }
    if (!outcome.damaged.empty() && !db_->isReadOnly()) {
        auto remove = db_->prepare("DELETE FROM readings WHERE id = ?");
        for (const ReadOutcome::Damaged& row : outcome.damaged) {
            if (!remove) break;
            if (auto removed = remove->bind(row.id).run(); !removed)
                break;  // met again, and skipped again, at the next start
        }
    }
    return outcome;
}

void JournalStore::close() {
    const bool wasOpen = std::exchange(db_, {}).has_value();
    if (lock_ && wasOpen) lock_->markClosed();
    // Not left to the destructor: the strand's thread may keep this object until after the next agent has opened the
    // file.
    lock_.reset();
}

tl::unexpected<Error> JournalStore::withAdvice(const Error& error) const {
    return fail(error.code, fmt::format("{}: {}", error.message, adviceFor(error.code)));
}

}  // namespace edge
