// SPDX-License-Identifier: MIT
#include "journal/store/contents.hpp"

#include <algorithm>
#include <charconv>

#include "journal/store/row_archive.hpp"
#include "journal/store/tables.hpp"

namespace edge {
namespace {

constexpr const char* kStateTable = "state";
/// Among the state's keys, because a checksum guards it there; shown to nobody.
constexpr const char* kNextIdKey = "journal.next_id";
constexpr const char* kTablesWithIds[] = {"commands", "readings", "captures", "events", "transactions"};

Result<LoadReport> loadState(Database& db, JournalEssence& essence) {
    LoadReport report;
    auto select = db.prepare("SELECT key, value, crc FROM state");
    if (!select) return tl::unexpected<Error>(select.error());
    for (auto row = select->step();; row = select->step()) {
        if (!row) return tl::unexpected<Error>(row.error());
        if (!*row) return report;
        RowReader reader(*select, kStateTable);
        std::string key;
        std::string value;
        reader.text(key);
        reader.text(value);
        if (!reader.isIntact()) {
            ++report.corruptRows;
        } else if (key == kNextIdKey) {
            std::from_chars(value.data(), value.data() + value.size(), report.nextId);
        } else {
            essence.state.emplace(std::move(key), std::move(value));
        }
    }
}

Result<void> loadTransactions(Database& db, JournalEssence& essence, LoadReport& report) {
    Transactions found;
    auto select = db.prepare(selectSql<TransactionRecord>() + " ORDER BY id");
    if (!select) return tl::unexpected<Error>(select.error());
    auto row = select->step();
    for (; row && *row; row = select->step()) {
        Stored<TransactionRecord> transaction;
        if (readRow(*select, transaction)) {
            found.push_back(std::move(transaction));
        } else {
            ++report.corruptRows;
        }
    }
    found.insert(found.end(), essence.transactions.begin(), essence.transactions.end());
    essence.transactions.clear();
    for (const auto& transaction : found) essence.put(transaction);
    if (!row) return tl::unexpected<Error>(row.error());
    return {};
}

}  // namespace

void JournalEssence::put(const Stored<TransactionRecord>& transaction) {
    std::erase_if(transactions, [&](const auto& known) { return known.record.key == transaction.record.key; });
    transactions.push_back(transaction);
    if (transactions.size() > kTransactionsKept) transactions.pop_front();
}

Result<LoadReport> loadEssence(Database& db, JournalEssence& essence) {
    auto report = loadState(db, essence);
    if (!report) return report;
    if (auto loaded = loadTransactions(db, essence, *report); !loaded) return tl::unexpected<Error>(loaded.error());
    for (const char* table : kTablesWithIds) {
        const auto highest = db.integer(std::string("SELECT max(id) FROM ") + table);
        if (!highest) return tl::unexpected<Error>(highest.error());
        report->nextId = std::max(report->nextId, *highest + 1);
    }
    return report;
}

Result<void> writeEssence(Database& db, const JournalEssence& essence) {
    return db.transaction([&]() -> Result<void> {
        if (auto done = db.execute("DELETE FROM state; DELETE FROM transactions"); !done) return done;
        for (const auto& [key, value] : essence.state) {
            if (auto done = writeState(db, key, value); !done) return done;
        }
        if (auto done = writeRows(db, essence.transactions); !done) return done;
        return writeRows(db, essence.rescuedReadings);
    });
}

template <typename Rows>
Result<void> writeRows(Database& db, const Rows& rows) {
    if (rows.empty()) return {};
    auto insert = db.prepare(insertSql<decltype(Rows::value_type::record)>());
    if (!insert) return tl::unexpected<Error>(insert.error());
    for (const auto& row : rows) {
        if (auto done = writeRow(*insert, row); !done) return done;
    }
    return {};
}

template Result<void> writeRows(Database&, const std::vector<Stored<CommandRecord>>&);
template Result<void> writeRows(Database&, const std::vector<Stored<ReadingRecord>>&);
template Result<void> writeRows(Database&, const std::vector<Stored<CaptureRecord>>&);
template Result<void> writeRows(Database&, const std::vector<Stored<EventRecord>>&);
template Result<void> writeRows(Database&, const Transactions&);

Result<void> writeState(Database& db, const std::string& key, const std::string& value) {
    auto insert = db.prepare("INSERT OR REPLACE INTO state (key, value, crc) VALUES (?,?,?)");
    if (!insert) return tl::unexpected<Error>(insert.error());
    RowWriter writer(*insert, kStateTable);
    writer.text(key);
    writer.text(value);
    return writer.insert();
}

Result<void> writeNextId(Database& db, std::int64_t nextId) {
    return writeState(db, kNextIdKey, std::to_string(nextId));
}

Result<void> readUndelivered(Database& db, std::int64_t afterId, std::size_t limit, ReadOutcome& outcome) {
    outcome.lastId = afterId;
    auto select = db.prepare(selectSql<ReadingRecord>() + " WHERE id > ? ORDER BY id");
    if (!select) return tl::unexpected<Error>(select.error());
    select->bind(afterId);
    while (outcome.readings.size() < limit) {
        const auto row = select->step();
        if (!row) return tl::unexpected<Error>(row.error());
        if (!*row) return {};
        Stored<ReadingRecord> reading;
        const bool isIntact = readRow(*select, reading);
        // Whoever goes on after the last one would go round in circles.
        if (reading.stamp.id <= outcome.lastId) return fail(Errc::kFault, "its rows are out of order");
        outcome.lastId = reading.stamp.id;
        if (!isIntact) outcome.damaged.push_back({reading.stamp.id, !reading.record.delivered});
        if (isIntact && !reading.record.delivered) outcome.readings.push_back(std::move(reading));
    }
    return {};
}

Result<std::uint64_t> countUndelivered(Database& db) {
    const auto count = db.integer("SELECT count(*) FROM readings WHERE delivered = 0");
    if (!count) return tl::unexpected<Error>(count.error());
    return static_cast<std::uint64_t>(*count);
}

}  // namespace edge
