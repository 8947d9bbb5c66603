// SPDX-License-Identifier: MIT
#include "journal/store/sqlite.hpp"

#include <thread>
#include <zlib.h>

#include <fmt/core.h>
#include <sqlite3.h>

namespace edge {
namespace {

constexpr int kBusyTimeoutMs = 2000;
constexpr int kProgressSteps = 20'000;  // some milliseconds of work between two checks of the deadline
constexpr int kPrimaryMask = 0xFF;
/// A reader that found the WAL's index half written tries this often, with this pause.
constexpr int kIndexTries = 20;
constexpr milliseconds kIndexPause{5};

Errc classify(int code) {
    switch (code) {
        case SQLITE_IOERR_READ:
        case SQLITE_IOERR_SHORT_READ:
        case SQLITE_IOERR_CORRUPTFS:
        case SQLITE_IOERR_DATA:
            return Errc::kFault;
        default:
            break;
    }
    switch (code & kPrimaryMask) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_FORMAT:
        case SQLITE_CONSTRAINT:  // a table that contradicts its own schema
        case SQLITE_MISMATCH:
        case SQLITE_ERROR:  // our SQL is right, so a table or column of ours is missing
            return Errc::kFault;
        case SQLITE_FULL:
            return Errc::kTooLarge;
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return Errc::kPermission;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return Errc::kBusy;
        case SQLITE_INTERRUPT:
            return Errc::kTimeout;
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
        case SQLITE_PROTOCOL:
            return Errc::kIo;
        default:
            return Errc::kInternal;
    }
}

tl::unexpected<Error> failed(sqlite3* db, int code) {
    const char* path = db != nullptr ? sqlite3_db_filename(db, "main") : nullptr;
    const char* sentence = db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code);
    return fail(classify(code),
                fmt::format("{}: {} (SQLite {})", path != nullptr && *path != '\0' ? path : "journal", sentence, code));
}

/// As a URI, so that options can follow.
std::string toUri(const std::string& path, Access access) {
    std::string uri = "file:";
    for (const char c : path) uri += c == '%' || c == '?' || c == '#' ? fmt::format("%{:02X}", c) : std::string(1, c);
    if (access == Access::kReader) uri += "?readonly_shm=1";
    if (access == Access::kImmutable) uri += "?immutable=1";
    return uri;
}

/// A null pointer would bind NULL, and the columns are NOT NULL.
const char* notNull(std::string_view value) {
    return value.empty() ? "" : value.data();
}

/// checksum() of SQL.
void computeChecksum(sqlite3_context* context, int count, sqlite3_value** values) {
    uLong crc = 0;
    const auto add = [&crc](char tag, const void* data, std::size_t size) {
        const auto length = static_cast<std::uint32_t>(size);
        crc = crc32_z(crc, reinterpret_cast<const Bytef*>(&tag), 1);
        crc = crc32_z(crc, reinterpret_cast<const Bytef*>(&length), sizeof length);
        if (size > 0) crc = crc32_z(crc, static_cast<const Bytef*>(data), size);  // a null pointer would start anew
    };
    for (int i = 0; i < count; ++i) {
        sqlite3_value* const value = values[i];
        const int type = sqlite3_value_type(value);
        if (type == SQLITE_NULL) continue;
        if (type == SQLITE_INTEGER) {
            const std::int64_t number = sqlite3_value_int64(value);
            add('i', &number, sizeof number);
        } else if (type == SQLITE_FLOAT) {
            const double number = sqlite3_value_double(value);
            add('r', &number, sizeof number);
        } else {
            const void* const bytes = sqlite3_value_blob(value);
            add(i == 0 ? 'n' : 'b', bytes, static_cast<std::size_t>(sqlite3_value_bytes(value)));
        }
    }
    sqlite3_result_int64(context, static_cast<std::int64_t>(crc));
}

/// Repeats `work` while the writer updates the WAL's index: a reader that cannot take a lock gets
/// SQLITE_READONLY_RECOVERY then, at the beginning of a read only.
template <typename Work>
int withIndexReady(Work work) {
    int code = work();
    for (int attempt = 1; code == SQLITE_READONLY_RECOVERY && attempt < kIndexTries; ++attempt) {
        std::this_thread::sleep_for(kIndexPause);
        code = work();
    }
    return code;
}

}  // namespace

void Statement::Reset::operator()(sqlite3_stmt* statement) const {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

Statement& Statement::bound(int code) {
    if (bindError_ == SQLITE_OK) bindError_ = code;
    ++nextParameter_;
    return *this;
}

Statement& Statement::bind(std::int64_t value) {
    return bound(sqlite3_bind_int64(statement_.get(), nextParameter_, value));
}

Statement& Statement::bind(double value) {
    return bound(sqlite3_bind_double(statement_.get(), nextParameter_, value));
}

Statement& Statement::bindText(std::string_view value) {
    return bound(sqlite3_bind_text64(statement_.get(), nextParameter_, notNull(value), value.size(), SQLITE_TRANSIENT,
                                     SQLITE_UTF8));
}

Statement& Statement::bindBlob(std::string_view value) {
    return bound(sqlite3_bind_blob64(statement_.get(), nextParameter_, notNull(value), value.size(), SQLITE_TRANSIENT));
}

Result<bool> Statement::step() {
    const auto once = [this] {
        const int code = sqlite3_step(statement_.get());
        if (code == SQLITE_READONLY_RECOVERY) sqlite3_reset(statement_.get());  // keeps what is bound
        return code;
    };
    const int code = bindError_ != SQLITE_OK ? bindError_ : withIndexReady(once);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return failed(sqlite3_db_handle(statement_.get()), code);
}

Result<void> Statement::run() {
    while (true) {
        if (!TRY(step())) return {};
    }
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const {
    return sqlite3_column_double(statement_.get(), column);
}

std::string Statement::bytes(int column) const {
    const void* data = sqlite3_column_blob(statement_.get(), column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
    return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), size);
}

void Database::Finalize::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

void Database::Close::operator()(sqlite3* db) const {
    sqlite3_close_v2(db);
}

Result<Database> Database::open(const std::string& path, Access access) {
    const bool writes = access == Access::kWriter || access == Access::kSalvage;
    const int flags = (writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
                      SQLITE_OPEN_EXRESCODE;
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(toUri(path, access).c_str(), &raw, flags, nullptr);
    Database database(raw);
    if (code != SQLITE_OK) {
        auto error = failed(raw, code);
        if (error.value().message.find(path) == std::string::npos) {
            error.value().message = path + ": " + error.value().message;
        }
        return error;
    }
    sqlite3_busy_timeout(raw, kBusyTimeoutMs);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_create_function_v2(raw, "checksum", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr, computeChecksum,
                               nullptr, nullptr, nullptr);
    if (access != Access::kWriter) sqlite3_db_config(raw, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    return database;
}

Result<void> Database::execute(const std::string& sql) {
    const int code = sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return failed(db_.get(), code);
    return {};
}

Result<Statement> Database::prepare(const std::string& sql) {
    if (const auto known = statements_.find(sql); known != statements_.end()) return Statement(known->second.get());
    sqlite3_stmt* raw = nullptr;
    const int code = withIndexReady([&] {
        return sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw,
                                  nullptr);
    });
    if (code != SQLITE_OK) return failed(db_.get(), code);
    statements_.emplace(sql, raw);
    return Statement(raw);
}

Result<std::int64_t> Database::integer(const std::string& sql) {
    auto statement = TRY(prepare(sql));
    return TRY(statement.step()) ? statement.integer(0) : 0;
}

Result<void> Database::transaction(const std::function<Result<void>()>& work) {
    const auto run = [this](const char* sql) -> Result<void> { return TRY(prepare(sql)).run(); };
    TRY(run("BEGIN IMMEDIATE"));  // another writer makes this fail, not a later step
    auto result = work();
    if (result) result = run("COMMIT");
    // Some errors have rolled back already; the first error is the one to report.
    if (!result && sqlite3_get_autocommit(db_.get()) == 0)
        sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    return result;
}

Result<void> Database::check(milliseconds limit) {
    setDeadline(limit);
    auto verdict = [this]() -> Result<void> {
        auto statement = TRY(prepare("PRAGMA quick_check(1)"));
        TRY(statement.step());
        std::string text = statement.bytes(0);
        if (text == "ok") return {};
        text.erase(0, text.find('\n') + 1);  // "*** in database main ***", where it is there
        return fail(Errc::kFault, fmt::format("{}: {}", sqlite3_db_filename(db_.get(), "main"), text));
    }();
    setDeadline(std::nullopt);
    if (!verdict && verdict.error().code == Errc::kTimeout) return {};
    return verdict;
}

void Database::setDeadline(std::optional<milliseconds> limit) {
    deadline_.reset();
    if (limit) deadline_ = std::make_unique<SteadyTime>(std::chrono::steady_clock::now() + *limit);
    const auto isPast = [](void* deadline) {
        return std::chrono::steady_clock::now() >= *static_cast<const SteadyTime*>(deadline) ? 1 : 0;
    };
    sqlite3_progress_handler(db_.get(), limit ? kProgressSteps : 0, isPast, deadline_.get());
}

Result<void> Database::keepWal() {
    int on = 1;
    const int code = sqlite3_file_control(db_.get(), "main", SQLITE_FCNTL_PERSIST_WAL, &on);
    if (code != SQLITE_OK) return failed(db_.get(), code);
    return {};
}

bool Database::isReadOnly() const {
    return sqlite3_db_readonly(db_.get(), "main") == 1;
}

bool Database::hasMoved() const {
    int moved = 0;
    return sqlite3_file_control(db_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

}  // namespace edge
