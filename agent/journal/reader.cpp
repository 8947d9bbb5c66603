// SPDX-License-Identifier: MIT
#include "journal/reader.hpp"

#include <sys/stat.h>

#include <filesystem>

#include <fmt/core.h>

#include "journal/store/schema.hpp"
#include "journal/store/tables.hpp"

namespace edge {
namespace {

constexpr std::array<const char*, JournalReader::kKinds.size()> kTables{
    Table<CommandRecord>::kName, Table<ReadingRecord>::kName, Table<CaptureRecord>::kName, Table<EventRecord>::kName};

/// 0 where there is no file.
std::uint64_t numberOf(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

std::int64_t sizeOf(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_size : -1;
}

/// Rows by their ids; each kind's statement is prepared once.
class RowFetcher {
  public:
    explicit RowFetcher(Database& db) : db_(db) {}

    /// Nothing: its checksum is wrong.
    Result<std::optional<JournalRow>> fetch(std::size_t kind, std::int64_t id) {
        switch (kind) {
            case 0:
                return fetch<CommandRecord>(statements_[kind], id);
            case 1:
                return fetch<ReadingRecord>(statements_[kind], id);
            case 2:
                return fetch<CaptureRecord>(statements_[kind], id);
            default:
                return fetch<EventRecord>(statements_[kind], id);
        }
    }

  private:
    template <typename T>
    Result<std::optional<JournalRow>> fetch(std::optional<Statement>& select, std::int64_t id) {
        if (!select) {
            auto prepared = db_.prepare(selectSql<T>() + " WHERE id = ?");
            if (!prepared) return tl::unexpected<Error>(prepared.error());
            select = std::move(*prepared);
        }
        const auto row = select->bind(id).step();
        if (!row) return tl::unexpected<Error>(row.error());
        Stored<T> stored;
        const bool isIntact = *row && readRow(*select, stored);
        select->reset();
        if (!isIntact) return std::nullopt;
        return JournalRow(std::move(stored));
    }

    Database& db_;
    std::array<std::optional<Statement>, JournalReader::kKinds.size()> statements_;
};

tl::unexpected<Error> explain(const std::string& path, const Error& error) {
    if (error.code != Errc::kPermission) return tl::unexpected<Error>(error);
    return fail(Errc::kPermission,
                fmt::format("{}: read it as root, or as a member of the group of {}", error.message, path));
}

}  // namespace

JournalReader::JournalReader(std::string path, JournalFilter filter, Database db)
    : path_(std::move(path)), filter_(std::move(filter)), db_(std::move(db)), fileNumber_(numberOf(path_)) {}

Result<Database> JournalReader::connect(const std::string& path, bool& isImmutable) {
    const auto report = inspectJournalFile(path);
    if (!report) return explain(path, report.error());
    if (report->verdict == FileVerdict::kMissing) {
        return fail(Errc::kNotFound,
                    fmt::format("there is no journal at {}: has the agent run with this configuration?", path));
    }
    if (report->verdict == FileVerdict::kUnusable) {
        return fail(Errc::kFault, fmt::format("{} is not a journal: {}", path, report->reason));
    }
    // Without a WAL nobody writes. With one, its index must be there already: to make it would be to write.
    const std::int64_t walBytes = sizeOf(path + "-wal");
    const bool hasIndex = sizeOf(path + "-shm") >= 0;
    if (walBytes > 0 && !hasIndex) {
        return fail(Errc::kUnavailable,
                    fmt::format("{0} has unfinished work in {0}-wal: start the agent once, then read it", path));
    }
    isImmutable = walBytes < 0 || !hasIndex;
    auto db = Database::open(path, isImmutable ? Access::kImmutable : Access::kReader);
    if (!db) return explain(path, db.error());
    if (auto done = prepareReading(*db); !done) {
        return fail(done.error().code, fmt::format("{} cannot be read: {}", path, done.error().message));
    }
    return db;
}

Result<JournalReader> JournalReader::open(const std::string& path, JournalFilter filter) {
    bool isImmutable = false;
    auto db = connect(path, isImmutable);
    if (!db) return tl::unexpected<Error>(db.error());
    JournalReader reader(path, std::move(filter), std::move(*db));
    reader.isImmutable_ = isImmutable;
    if (auto changed = reader.hasChanged(); !changed) return tl::unexpected<Error>(changed.error());
    return reader;
}

/// The ids and kinds of the rows that are wanted; SQLite merges the tables, each in its own order.
std::string JournalReader::selectIds() const {
    std::string sql;
    for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
        if (!filter_.kind.empty() && filter_.kind != kKinds[kind]) continue;
        if (!sql.empty()) sql += " UNION ALL ";
        sql += fmt::format("SELECT id, {} AS kind FROM {} WHERE id > ?", kind, kTables[kind]);
        if (filter_.since) sql += " AND wall_ms >= ?";
    }
    return sql;
}

Result<Statement> JournalReader::prepareIds(const std::string& sql) {
    auto select = db_.prepare(sql);
    if (!select) return select;
    for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
        if (!filter_.kind.empty() && filter_.kind != kKinds[kind]) continue;
        select->bind(position_[kind]);
        if (filter_.since) {
            select->bind(std::int64_t{std::chrono::ceil<milliseconds>(filter_.since->time_since_epoch()).count()});
        }
    }
    return select;
}

Result<void> JournalReader::skipToLast(std::uint64_t count) {
    const std::uint64_t rowsAfter = count == 0 ? 0 : count - 1;
    auto select = prepareIds(fmt::format("{} ORDER BY 1 DESC LIMIT 1 OFFSET {}", selectIds(), rowsAfter));
    if (!select) return tl::unexpected<Error>(select.error());
    const auto row = select->step();
    if (!row) return tl::unexpected<Error>(row.error());
    if (*row) position_.fill(count == 0 ? select->integer(0) : select->integer(0) - 1);
    return {};
}

Result<std::vector<JournalRow>> JournalReader::next(std::size_t limit) {
    std::vector<JournalRow> rows;
    // A damaged row counts as seen, or a batch of nothing else would look like the end.
    std::size_t seen = limit;
    while (rows.empty() && seen == limit) {
        if (isOutOfOrder_) {
            return fail(Errc::kFault,
                        fmt::format("{} is damaged, its rows are out of order: the rest cannot be shown", path_));
        }
        seen = 0;
        // One look at the file for all of it: ids and rows must belong together.
        if (auto begun = db_.execute("BEGIN"); !begun) return tl::unexpected<Error>(begun.error());
        const auto done = readBatch(limit, rows, seen);
        const auto ended = db_.execute("COMMIT");
        if (!done) return tl::unexpected<Error>(done.error());
        if (!ended) return tl::unexpected<Error>(ended.error());
    }
    return rows;
}

Result<void> JournalReader::readBatch(std::size_t limit, std::vector<JournalRow>& rows, std::size_t& seen) {
    auto ids = prepareIds(fmt::format("{} ORDER BY 1 LIMIT {}", selectIds(), limit));
    if (!ids) return tl::unexpected<Error>(ids.error());
    RowFetcher fetcher(db_);
    auto found = ids->step();
    for (; found && *found; found = ids->step()) {
        ++seen;
        const std::int64_t id = ids->integer(0);
        const auto kind = static_cast<std::size_t>(ids->integer(1));
        if (id <= position_[kind]) {  // asked for what comes after it, the file would give the same rows for ever
            isOutOfOrder_ = true;
            seen = limit;
            return {};
        }
        position_[kind] = id;
        auto row = fetcher.fetch(kind, id);
        if (!row) return tl::unexpected<Error>(row.error());
        if (*row) {
            rows.push_back(std::move(**row));
        } else {
            ++damaged_;
        }
    }
    if (!found) return tl::unexpected<Error>(found.error());
    return {};
}

bool JournalReader::isReplaced() const {
    const std::uint64_t number = numberOf(path_);
    const bool isOther = number != 0 && number != fileNumber_;
    return isOther || (isImmutable_ && sizeOf(path_ + "-wal") >= 0 && sizeOf(path_ + "-shm") >= 0);
}

Result<bool> JournalReader::hasChanged() {
    if (isReplaced()) {
        const std::uint64_t number = numberOf(path_);
        auto db = connect(path_, isImmutable_);
        if (!db) return false;  // it is being made; the next look finds it
        db_ = std::move(*db);
        if (number != fileNumber_) {
            position_.fill(0);
            isOutOfOrder_ = false;
        }
        fileNumber_ = number;
        dataVersion_ = -1;
    }
    const auto version = db_.integer("PRAGMA data_version");
    if (!version) return tl::unexpected<Error>(version.error());
    return std::exchange(dataVersion_, *version) != *version;
}

}  // namespace edge
