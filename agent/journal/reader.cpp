// SPDX-License-Identifier: MIT
#include "journal/reader.hpp"

#include <sys/stat.h>

#include <utility>

#include <fmt/core.h>

#include "journal/store/file.hpp"
#include "journal/store/row_codec.hpp"
#include "journal/store/schema.hpp"

namespace edge {
namespace {

constexpr std::array<const char*, JournalReader::kKinds.size()> kTables{
    kTable<CommandRecord>.name, kTable<ReadingRecord>.name, kTable<CaptureRecord>.name, kTable<EventRecord>.name};

/// 0 where there is no file.
std::uint64_t numberOf(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

std::int64_t sizeOf(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_size : -1;
}

/// nullopt: its checksum is wrong.
template <typename T>
Result<std::optional<JournalRow>> fetchRow(Database& db, std::int64_t id) {
    auto select = TRY(db.prepare(selectSql<T>() + " WHERE id = ?"));
    select.bind(id);
    Stored<T> stored;
    if (!TRY(select.step()) || !readRow(select, stored)) return std::nullopt;
    return JournalRow(std::move(stored));
}

/// In the order of JournalReader::kKinds.
constexpr std::array<Result<std::optional<JournalRow>> (*)(Database&, std::int64_t), JournalReader::kKinds.size()>
    kFetchers{fetchRow<CommandRecord>, fetchRow<ReadingRecord>, fetchRow<CaptureRecord>, fetchRow<EventRecord>};

tl::unexpected<Error> explain(const std::string& path, const Error& error) {
    if (error.code != Errc::kPermission) return tl::unexpected<Error>(error);
    return fail(Errc::kPermission,
                fmt::format("{}: read it as root, or as a member of the group of {}", error.message, path));
}

}  // namespace

JournalReader::JournalReader(std::string path, JournalFilter filter, Database db)
    : path_(std::move(path)), filter_(std::move(filter)), db_(std::move(db)), fileNumber_(numberOf(path_)) {}

Result<Database> JournalReader::connect(const std::string& path, bool& isImmutable) {
    const auto isJournal = isJournalFile(path);
    if (!isJournal && isJournal.error().code == Errc::kFault)
        return fail(Errc::kFault, fmt::format("{} is not a journal: {}", path, isJournal.error().message));
    if (!isJournal) return explain(path, isJournal.error());
    if (!*isJournal)
        return fail(Errc::kNotFound,
                    fmt::format("there is no journal at {}: has the agent run with this configuration?", path));
    // Without a WAL there is no writer. With one, its index must be there already: making it would be writing.
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
    auto db = TRY(connect(path, isImmutable));
    JournalReader reader(path, std::move(filter), std::move(db));
    reader.isImmutable_ = isImmutable;
    TRY(reader.hasChanged());
    return reader;
}

Result<std::string> JournalReader::state(const std::string& path, std::string_view key) {
    bool isImmutable = false;
    auto db = TRY(connect(path, isImmutable));
    auto select = TRY(db.prepare("SELECT value FROM state WHERE key = ?1 AND crc = checksum('state', key, value)"));
    select.bindText(key);
    return TRY(select.step()) ? select.bytes(0) : std::string();
}

/// The ids and kinds of the rows after the position that the filter selects; SQLite merges the tables by id.
Result<Statement> JournalReader::selectIds(const std::string& order) {
    std::string sql;
    std::string where;
    int parameters = 1;
    if (filter_.since) where += fmt::format(" AND wall_ms >= ?{}", ++parameters);
    if (filter_.until) where += fmt::format(" AND wall_ms < ?{}", ++parameters);
    if (!filter_.sensor.empty()) where += fmt::format(" AND sensor = ?{}", ++parameters);
    for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
        if (!filter_.kind.empty() && filter_.kind != kKinds[kind]) continue;
        if (!sql.empty()) sql += " UNION ALL ";
        sql += fmt::format("SELECT id, {} AS kind FROM {} WHERE id > ?1{}", kind, kTables[kind], where);
    }
    auto select = TRY(db_.prepare(sql + " ORDER BY 1 " + order));
    select.bind(position_);
    for (const auto& time : {filter_.since, filter_.until}) {
        if (time) select.bind(std::int64_t{std::chrono::ceil<milliseconds>(time->time_since_epoch()).count()});
    }
    if (!filter_.sensor.empty()) select.bindText(filter_.sensor);
    return select;
}

Result<void> JournalReader::skipToLast(std::uint64_t count) {
    auto select = TRY(selectIds(fmt::format("DESC LIMIT 1 OFFSET {}", count - 1)));
    if (TRY(select.step())) position_ = select.integer(0) - 1;
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
        TRY(db_.execute("BEGIN"));  // ids and rows must be of one state of the file
        const auto done = readBatch(limit, rows, seen);
        TRY(db_.execute("COMMIT"));
        TRY(done);
    }
    return rows;
}

Result<void> JournalReader::readBatch(std::size_t limit, std::vector<JournalRow>& rows, std::size_t& seen) {
    auto ids = TRY(selectIds(fmt::format("LIMIT {}", limit)));
    while (TRY(ids.step())) {
        ++seen;
        const std::int64_t id = ids.integer(0);
        if (id <= position_) {  // a read after the last row would return the same rows again, without end
            isOutOfOrder_ = true;
            seen = limit;
            return {};
        }
        position_ = id;
        const auto kind = static_cast<std::size_t>(ids.integer(1));
        if (auto row = TRY(kFetchers[kind](db_, id))) {
            rows.push_back(std::move(*row));
        } else {
            ++damaged_;
        }
    }
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
        if (!db) return false;  // it is being made; the next call finds it
        db_ = std::move(*db);
        if (number != fileNumber_) {
            position_ = 0;
            isOutOfOrder_ = false;
        }
        fileNumber_ = number;
        dataVersion_ = -1;
    }
    const std::int64_t version = TRY(db_.integer("PRAGMA data_version"));
    return std::exchange(dataVersion_, version) != version;
}

}  // namespace edge
