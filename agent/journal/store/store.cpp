// SPDX-License-Identifier: MIT
#include "journal/store/store.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/core.h>

#include "journal/store/row_codec.hpp"
#include "journal/store/schema.hpp"

namespace edge {
namespace {

/// Ids are reserved in blocks, so that not every commit writes the highest one.
constexpr std::int64_t kReservedIds = 4096;
/// Old transactions are deleted in blocks, too: finding them costs more than all the rest of a commit.
constexpr std::size_t kTrimmedTogether = 64;
constexpr seconds kCheckLimit{3};       ///< at the start, which must not wait for a large file
constexpr seconds kFullCheckLimit{60};  ///< after a failure
constexpr seconds kSalvageLimit{3};
constexpr std::size_t kMaxSalvagedReadings = 100'000;

/// In the state's table; not part of PersistentState.
constexpr const char* kNextIdKey = "journal.next_id";

const char* adviceFor(Errc code) {
    switch (code) {
        case Errc::kTooLarge:
            return "free some space on its file system";
        case Errc::kPermission:
            return "let the agent's user write there, and check that the file system is not mounted read-only";
        case Errc::kNotFound:
            return "create the directory, or set another journal.path";
        case Errc::kBusy:
            return "stop the other program that uses it";
        case Errc::kIo:
        case Errc::kFault:
            return "see the kernel's log: the storage may be failing";
        default:
            return "set another journal.path";
    }
}

std::int64_t highestId(const WriteBatch& batch) {
    std::int64_t highest = 0;
    for (const auto& row : batch.rows) highest = std::max(highest, stampOf(row).id);
    for (const auto& row : batch.readings) highest = std::max(highest, row.stamp.id);
    for (const auto& row : batch.state.transactions) highest = std::max(highest, row.stamp.id);
    return highest;
}

Result<void> writeRow(Database& db, const JournalRow& row) {
    return std::visit([&db](const auto& stored) { return writeRow(db, stored); }, row);
}

template <typename Rows>
Result<void> writeRows(Database& db, const Rows& rows) {
    for (const auto& row : rows) TRY(writeRow(db, row));
    return {};
}

Result<void> writeValue(Database& db, const std::string& key, const std::string& value) {
    auto insert =
        TRY(db.prepare("INSERT OR REPLACE INTO state (key, value, crc) VALUES (?1, ?2, checksum('state', ?1, ?2))"));
    return insert.bindText(key).bindText(value).run();
}

Result<void> writeState(Database& db, const PersistentState& state) {
    for (const auto& [key, value] : state.values) TRY(writeValue(db, key, value));
    return writeRows(db, state.transactions);
}

/// All rows are looked at, delivered ones too: a flipped bit can make one look delivered. An error leaves in `outcome`
/// what was found by then.
Result<void> findUndelivered(Database& db, std::int64_t afterId, std::size_t limit, ReadOutcome& outcome) {
    outcome.lastId = afterId;
    auto select = TRY(db.prepare(selectSql<ReadingRecord>() + " WHERE id > ? ORDER BY id"));
    select.bind(afterId);
    while (outcome.readings.size() < limit) {
        if (!TRY(select.step())) {
            outcome.isAtEnd = true;
            break;
        }
        Stored<ReadingRecord> reading;
        const bool isIntact = readRow(select, reading);
        // Otherwise a search from the last one would never end.
        if (reading.stamp.id <= outcome.lastId) return fail(Errc::kFault, "its rows are out of order");
        outcome.lastId = reading.stamp.id;
        if (!isIntact) ++outcome.damagedRows;
        if (isIntact && !reading.record.delivered) outcome.readings.push_back(std::move(reading));
    }
    return {};
}

Result<std::uint64_t> countUndelivered(Database& db) {
    return static_cast<std::uint64_t>(TRY(db.integer("SELECT count(*) FROM readings WHERE delivered = 0")));
}

}  // namespace

// ---- opening

Result<StoreOpened> JournalStore::open() {
    if (auto made = makeJournalDirectory(config_.path); !made) return withAdvice(made.error());
    if (!lock_) lock_ = TRY(lockJournal(config_.path));
    Result<StoreOpened> opened = openFile();
    if (!opened && opened.error().code == Errc::kFault) opened = replaceFile(opened.error().message);
    if (!opened) return withAdvice(opened.error());
    isSuspect_ = false;
    reservedId_ = 0;
    untrimmed_ = kTrimmedTogether;
    opened->fileBytes = journalFileBytes(config_.path);
    if (db_->isReadOnly()) {
        const Error error{Errc::kPermission, fmt::format("{} can be read but not written", config_.path)};
        opened->problem = withAdvice(error).value().message;
    }
    return opened;
}

/// Errc::kFault: what is there cannot be used, and may be quarantined.
Result<StoreOpened> JournalStore::openFile() {
    if (!TRY(isJournalFile(config_.path))) {
        if (hasOrphanedFiles(config_.path))
            return fail(Errc::kFault, "its write-ahead log was there without the database");
        TRY(createFile());
    }
    auto db = TRY(Database::open(config_.path, Access::kWriter));
    TRY(prepareJournal(db));
    TRY(db.check(isSuspect_ ? kFullCheckLimit : kCheckLimit));
    // Pages that a failed fsync left in the page cache count as clean there and may never reach the disk: writing them
    // again makes them dirty.
    if (isSuspect_) TRY(db.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
    auto loaded = TRY(load(db));
    db_ = std::move(db);
    return loaded;
}

/// Makes the journal under another name, and renames it when it is complete: an interrupted start leaves no half of
/// one.
Result<void> JournalStore::createFile() {
    const std::string fresh = config_.path + ".new";
    removeJournalFile(fresh);
    const auto made = [&]() -> Result<void> {
        TRY(makeEmptyFile(fresh));
        auto db = TRY(Database::open(fresh, Access::kWriter));
        return createJournal(db);
    }();
    if (made) return publishFile(fresh, config_.path);
    removeJournalFile(fresh);
    return made;
}

Result<StoreOpened> JournalStore::replaceFile(const std::string& damage) {
    const auto quarantined = quarantine(config_.path);
    if (!quarantined) {
        const Error& error = quarantined.error();
        return fail(error.code, fmt::format("{} ({})", error.message, damage));
    }
    salvage(*quarantined);
    const std::size_t readings = salvagedReadings_.size();
    auto opened = TRY(openFile());
    opened.warning = fmt::format(
        "the journal {} could not be used ({}): it was renamed to {}, and a new one was started with what "
        "could be read: {} states, {} transactions and {} undelivered readings",
        config_.path, damage, *quarantined, state_.values.size(), state_.transactions.size(), readings);
    return opened;
}

/// Whatever can be read and has a right checksum. Damage ends each part early, never the start of the agent.
void JournalStore::salvage(const std::string& quarantined) {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(quarantined, ignored)) return;
    auto db = Database::open(quarantined, Access::kSalvage);
    if (!db) return;
    db->setDeadline(kSalvageLimit);
    (void)adaptOldSchema(*db);
    StoreOpened unused;
    if (!hasState()) (void)loadState(*db, unused);
    ReadOutcome found;
    (void)findUndelivered(*db, 0, kMaxSalvagedReadings, found);
    salvagedReadings_ = std::move(found.readings);
}

Result<StoreOpened> JournalStore::load(Database& db) {
    StoreOpened loaded;
    const bool wasKept = hasState() || !salvagedReadings_.empty();
    if (!hasState()) {
        if (auto read = loadState(db, loaded); !read) {
            state_ = {};  // a part of it must not replace the file's
            return tl::unexpected(std::move(read).error());
        }
    }
    loaded.nextId = TRY(db.integer(fmt::format("SELECT value FROM state WHERE key = '{}'", kNextIdKey)));
    for (const char* table : {"commands", "readings", "captures", "events", "transactions"}) {
        const std::int64_t highest = TRY(db.integer(fmt::format("SELECT max(id) FROM {}", table)));
        loaded.nextId = std::max(loaded.nextId, highest + 1);
    }
    for (const auto& transaction : state_.transactions)
        loaded.nextId = std::max(loaded.nextId, transaction.stamp.id + 1);
    if (!salvagedReadings_.empty()) loaded.nextId = std::max(loaded.nextId, salvagedReadings_.back().stamp.id + 1);
    if ((wasKept || loaded.corruptRows > 0) && !db.isReadOnly()) TRY(writeKept(db, loaded.nextId));
    loaded.undelivered = TRY(countUndelivered(db));
    loaded.state = state_;
    return loaded;
}

/// Fills `state_`, which is empty. Stops at the first error; what was read by then stays.
Result<void> JournalStore::loadState(Database& db, StoreOpened& loaded) {
    auto values = TRY(db.prepare("SELECT key, value, crc = checksum('state', key, value) FROM state"));
    while (TRY(values.step())) {
        const std::string key = values.bytes(0);
        if (values.integer(2) == 0) {
            ++loaded.corruptRows;
        } else if (key != kNextIdKey) {
            state_.values.emplace(key, values.bytes(1));
        }
    }
    auto transactions = TRY(db.prepare(selectSql<TransactionRecord>() + " ORDER BY id"));
    while (TRY(transactions.step())) {
        Stored<TransactionRecord> row;
        if (readRow(transactions, row)) {
            state_.put(row);
        } else {
            ++loaded.corruptRows;
        }
    }
    return {};
}

/// Makes the file hold exactly `state_`, and adds the salvaged readings, in one commit.
Result<void> JournalStore::writeKept(Database& db, std::int64_t nextId) {
    auto done = db.transaction([&]() -> Result<void> {
        TRY(db.execute("DELETE FROM state; DELETE FROM transactions"));
        TRY(writeState(db, state_));
        TRY(writeValue(db, kNextIdKey, std::to_string(nextId)));
        return writeRows(db, salvagedReadings_);
    });
    if (done) salvagedReadings_.clear();
    return done;
}

// ---- writing

Result<WriteOutcome> JournalStore::write(const WriteBatch& batch) {
    WriteOutcome outcome;
    TRY(ensureWritable(outcome));
    if (const auto done = db_->transaction([&] { return insertAll(batch); }); !done) {
        reservedId_ = 0;
        untrimmed_ = kTrimmedTogether;
        markSuspect(done.error());
        return withAdvice(done.error());
    }
    for (const auto& [key, value] : batch.state.values) state_.values[key] = value;
    for (const auto& transaction : batch.state.transactions) state_.put(transaction);
    outcome.fileBytes = journalFileBytes(config_.path);
    maintain(batch, outcome);
    // After an interrupted commit the file may have had rows of this very batch when it was opened.
    if (outcome.reopened && db_) {
        if (const auto count = countUndelivered(*db_)) outcome.reopened->undelivered = *count;
    }
    return outcome;
}

Result<void> JournalStore::ensureWritable(WriteOutcome& outcome) {
    if (db_ && db_->hasMoved()) {
        // What is written now would go into the deleted file; the lock file may be gone, too.
        db_.reset();
        lock_.reset();
    }
    if (db_ && db_->isReadOnly()) db_.reset();
    if (db_) return {};
    auto opened = TRY(open());
    if (!opened.problem.empty()) return fail(Errc::kPermission, opened.problem);
    outcome.reopened = std::move(opened);
    return {};
}

Result<void> JournalStore::insertAll(const WriteBatch& batch) {
    TRY(writeRows(*db_, batch.rows));
    TRY(writeRows(*db_, batch.readings));
    TRY(writeState(*db_, batch.state));
    untrimmed_ += batch.state.transactions.size();
    if (!batch.state.transactions.empty() && untrimmed_ >= kTrimmedTogether) {
        untrimmed_ = 0;
        TRY(
            db_->execute(fmt::format("DELETE FROM transactions WHERE key IN (SELECT key FROM transactions "
                                     "ORDER BY id DESC LIMIT -1 OFFSET {})",
                                     PersistentState::kMaxTransactions)));
    }
    for (const std::int64_t id : batch.delivered) TRY(removeDelivered(id));
    const std::int64_t highest = highestId(batch);
    if (highest < reservedId_) return {};
    TRY(writeValue(*db_, kNextIdKey, std::to_string(highest + kReservedIds)));
    reservedId_ = highest + kReservedIds;
    return {};
}

Result<void> JournalStore::removeDelivered(std::int64_t id) {
    if (config_.readings != KeepReadings::kAll) {
        auto remove = TRY(db_->prepare("DELETE FROM readings WHERE id = ?"));
        return remove.bind(id).run();
    }
    auto select = TRY(db_->prepare(selectSql<ReadingRecord>() + " WHERE id = ?"));
    Stored<ReadingRecord> reading;
    if (!TRY(select.bind(id).step()) || !readRow(select, reading)) return {};  // pruned, or damaged
    reading.record.delivered = true;
    return writeRow(*db_, reading);
}

/// The batch is on the disk whatever happens here, so an error is no error of it: the next write reports it.
void JournalStore::maintain(const WriteBatch& batch, WriteOutcome& outcome) {
    const auto done = [&]() -> Result<void> {
        // The tables are never larger than the file and its WAL together, which are cheaper to ask for.
        const std::int64_t budget = tableBudget(config_.maxSizeBytes);
        if (batch.expire || outcome.fileBytes > budget) {
            Pruned pruned;
            const auto prune = [&]() -> Result<void> {
                if (batch.expire) TRY(pruneByAge(*db_, *batch.expire, pruned));
                return pruneBySize(*db_, budget, pruned);
            };
            TRY(db_->transaction(prune));
            outcome.pruned = std::move(pruned);  // only what is committed
            outcome.fileBytes = journalFileBytes(config_.path);
        }
        return shrinkFile(*db_);
    }();
    if (!done) markSuspect(done.error());
}

/// After a full disk or a lock of another program the connection is still good. After anything else, a failed fsync
/// above all, none of its caches can be trusted: the next write opens the file again and checks it.
void JournalStore::markSuspect(const Error& error) {
    if (error.code == Errc::kTooLarge || error.code == Errc::kBusy) return;
    isSuspect_ = true;
    db_.reset();
}

Result<ReadOutcome> JournalStore::readUndelivered(std::int64_t afterId, std::size_t limit) {
    ReadOutcome outcome;
    outcome.lastId = afterId;
    if (!db_) return outcome;
    if (const auto done = findUndelivered(*db_, afterId, limit, outcome); !done) {
        markSuspect(done.error());
        return withAdvice(done.error());
    }
    if (outcome.damagedRows == 0 || db_->isReadOnly()) return outcome;
    const auto deleted = [&]() -> Result<void> {
        auto remove =
            TRY(db_->prepare("DELETE FROM readings WHERE id BETWEEN ? AND ? AND NOT " + intactSql<ReadingRecord>()));
        TRY(remove.bind(afterId).bind(outcome.lastId).run());
        outcome.undelivered = TRY(countUndelivered(*db_));
        return {};
    }();
    if (!deleted) markSuspect(deleted.error());
    return outcome;
}

void JournalStore::close() {
    db_.reset();
    // Now, not in the destructor: the strand's thread may keep this object until after the next agent has opened the
    // file.
    lock_.reset();
}

tl::unexpected<Error> JournalStore::withAdvice(const Error& error) const {
    return fail(error.code, fmt::format("{}: {}", error.message, adviceFor(error.code)));
}

}  // namespace edge
