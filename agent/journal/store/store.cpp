// SPDX-License-Identifier: MIT
#include "journal/store/store.hpp"

#include <algorithm>
#include <charconv>
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

constexpr const char* kStateTable = "state";
/// In the state's table, because a checksum guards it there; not part of PersistentState.
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
    const auto look = [&](const auto& rows) {
        for (const auto& row : rows) highest = std::max(highest, row.stamp.id);
    };
    look(batch.commands);
    look(batch.captures);
    look(batch.events);
    look(batch.readings);
    look(batch.state.transactions);
    return highest;
}

template <typename Rows>
Result<void> writeRows(Database& db, const Rows& rows) {
    for (const auto& row : rows) TRY(writeRow(db, row));
    return {};
}

Result<void> writeValue(Database& db, const std::string& key, const std::string& value) {
    auto insert = TRY(db.prepare("INSERT OR REPLACE INTO state (key, value, crc) VALUES (?,?,?)"));
    RowWriter writer(insert, kStateTable);
    writer(key, value);
    return writer.insert();
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
        if (!isIntact) outcome.damaged.push_back({reading.stamp.id, !reading.record.delivered});
        if (isIntact && !reading.record.delivered) outcome.readings.push_back(std::move(reading));
    }
    return {};
}

Result<std::uint64_t> countUndelivered(Database& db) {
    return static_cast<std::uint64_t>(TRY(db.integer("SELECT count(*) FROM readings WHERE delivered = 0")));
}

}  // namespace

bool WriteBatch::hasRows() const {
    return !(commands.empty() && captures.empty() && events.empty() && readings.empty() && state.values.empty() &&
             state.transactions.empty() && delivered.empty());
}

// ---- opening

Result<StoreOpened> JournalStore::open() {
    if (auto made = makeJournalDirectory(config_.path); !made) return withAdvice(made.error());
    if (!lock_ || !lock_->isHeld()) lock_ = TRY(JournalLock::take(config_.path));
    Result<StoreOpened> opened = openFile();
    if (!opened && opened.error().code == Errc::kFault) opened = replaceFile(opened.error().message);
    if (!opened) return withAdvice(opened.error());
    isSuspect_ = false;
    reservedId_ = 0;
    untrimmed_ = kTrimmedTogether;
    mayHaveFreePages_ = true;
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
    StoreOpened unused;
    (void)loadState(*db, unused);
    ReadOutcome found;
    (void)findUndelivered(*db, 0, kMaxSalvagedReadings, found);
    salvagedReadings_ = std::move(found.readings);
}

Result<StoreOpened> JournalStore::load(Database& db) {
    StoreOpened loaded;
    const bool wasKept = !state_.values.empty() || !state_.transactions.empty() || !salvagedReadings_.empty();
    TRY(loadState(db, loaded));
    for (const char* table : {"commands", "readings", "captures", "events", "transactions"}) {
        const std::int64_t highest = TRY(db.integer(fmt::format("SELECT max(id) FROM {}", table)));
        loaded.nextId = std::max(loaded.nextId, highest + 1);
    }
    if ((wasKept || loaded.corruptRows > 0) && !db.isReadOnly()) TRY(writeKept(db, loaded.nextId));
    const std::int64_t lastReading = TRY(db.integer("SELECT max(id) FROM readings"));
    loaded.nextId = std::max(loaded.nextId, lastReading + 1);
    loaded.undelivered = TRY(countUndelivered(db));
    loaded.state = state_;
    return loaded;
}

/// Adds to `state_`, whose own entries win, what the file has. Stops at the first error; what was read by then stays.
Result<void> JournalStore::loadState(Database& db, StoreOpened& loaded) {
    auto values = TRY(db.prepare("SELECT key, value, crc FROM state"));
    while (TRY(values.step())) {
        RowReader reader(values, kStateTable);
        std::string key;
        std::string value;
        reader(key, value);
        if (!reader.isIntact()) {
            ++loaded.corruptRows;
        } else if (key == kNextIdKey) {
            std::from_chars(value.data(), value.data() + value.size(), loaded.nextId);
        } else {
            state_.values.emplace(std::move(key), std::move(value));
        }
    }
    const auto own = std::exchange(state_.transactions, {});
    const auto loadedAll = [&]() -> Result<void> {
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
    }();
    for (const auto& transaction : own) state_.put(transaction);
    return loadedAll;
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
    TRY(writeRows(*db_, batch.commands));
    TRY(writeRows(*db_, batch.captures));
    TRY(writeRows(*db_, batch.events));
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
    TRY(removeDelivered(batch.delivered));
    const std::int64_t highest = highestId(batch);
    if (highest < reservedId_) return {};
    TRY(writeValue(*db_, kNextIdKey, std::to_string(highest + kReservedIds)));
    reservedId_ = highest + kReservedIds;
    return {};
}

Result<void> JournalStore::removeDelivered(const std::vector<std::int64_t>& delivered) {
    for (const std::int64_t id : delivered) {
        if (config_.readings != KeepReadings::kAll) {
            auto remove = TRY(db_->prepare("DELETE FROM readings WHERE id = ?"));
            TRY(remove.bind(id).run());
            continue;
        }
        // The mark is part of what the checksum covers, so the row is written again.
        Stored<ReadingRecord> reading;
        {
            auto select = TRY(db_->prepare(selectSql<ReadingRecord>() + " WHERE id = ?"));
            select.bind(id);
            if (!TRY(select.step()) || !readRow(select, reading)) continue;  // pruned, or damaged
        }
        reading.record.delivered = true;
        TRY(writeRow(*db_, reading));
    }
    return {};
}

/// The batch is on the disk whatever happens here, so an error is no error of it: the next write reports it.
void JournalStore::maintain(const WriteBatch& batch, WriteOutcome& outcome) {
    const auto done = [&]() -> Result<void> {
        if (batch.expire) TRY(pruneByAge(*db_, *batch.expire, outcome.pruned));
        // The tables are never larger than the file and its WAL together, which are cheaper to ask for.
        const std::int64_t budget = tableBudget(config_.maxSizeBytes);
        if (outcome.fileBytes > budget) TRY(pruneBySize(*db_, budget, outcome.pruned));
        mayHaveFreePages_ = mayHaveFreePages_ || outcome.pruned.rows > 0 || !batch.delivered.empty();
        if (!mayHaveFreePages_) return {};
        mayHaveFreePages_ = TRY(shrinkFile(*db_));
        outcome.fileBytes = journalFileBytes(config_.path);
        return {};
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
    if (db_->isReadOnly()) return outcome;
    for (const ReadOutcome::Damaged& row : outcome.damaged) {
        // A row that cannot be deleted is found, and skipped, again after the next start.
        if (auto remove = db_->prepare("DELETE FROM readings WHERE id = ?")) (void)remove->bind(row.id).run();
    }
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
