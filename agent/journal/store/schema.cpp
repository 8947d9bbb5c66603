// SPDX-License-Identifier: MIT
#include "journal/store/schema.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <fmt/core.h>

#include "core/system/files.hpp"

namespace edge {
namespace {

constexpr std::size_t kHeaderBytes = 100;
/// 1 or 2 in every file of today; what a SQLite does not know it opens, but does not write (its file format, 1.3.3).
constexpr std::size_t kWriteVersionOffset = 18;
constexpr unsigned char kNewestWriteVersion = 2;
constexpr std::size_t kApplicationIdOffset = 68;
constexpr char kMagic[] = "SQLite format 3";  // with its NUL

/// How to come from schema N to N + 1. Never changed once released; only added to.
constexpr std::array<const char*, kSchemaVersion> kMigrations{{
    R"(
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE transactions (
    id INTEGER NOT NULL, boot BLOB NOT NULL, mono_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL,
    clock_ok INTEGER NOT NULL, key TEXT PRIMARY KEY, payload_hash TEXT NOT NULL, reply TEXT NOT NULL,
    crc INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE commands (
    id INTEGER PRIMARY KEY, boot BLOB NOT NULL, mono_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL,
    clock_ok INTEGER NOT NULL, source TEXT NOT NULL, payload BLOB NOT NULL, command TEXT NOT NULL, status TEXT NOT NULL,
    code TEXT NOT NULL, transaction_id TEXT NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE readings (
    id INTEGER PRIMARY KEY, boot BLOB NOT NULL, mono_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL,
    clock_ok INTEGER NOT NULL, sensor TEXT NOT NULL, seq INTEGER NOT NULL, value REAL NOT NULL,
    delivered INTEGER NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE captures (
    id INTEGER PRIMARY KEY, boot BLOB NOT NULL, mono_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL,
    clock_ok INTEGER NOT NULL, image_id TEXT NOT NULL, trigger_source TEXT NOT NULL, transaction_id TEXT NOT NULL,
    width INTEGER NOT NULL, height INTEGER NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, status TEXT NOT NULL,
    crc INTEGER NOT NULL);
CREATE TABLE events (
    id INTEGER PRIMARY KEY, boot BLOB NOT NULL, mono_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL,
    clock_ok INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL, crc INTEGER NOT NULL);
)",
}};

std::int64_t bigEndian(const unsigned char* bytes) {
    std::int64_t value = 0;
    for (int i = 0; i < 4; ++i) value = value * 256 + bytes[i];
    return value;
}

Result<void> executeAll(Database& db, std::initializer_list<const char*> statements) {
    for (const char* sql : statements) {
        if (auto done = db.execute(sql); !done) return done;
    }
    return {};
}

/// Neither is kept in the file.
Result<void> setForConnection(Database& db) {
    return executeAll(db, {"PRAGMA cell_size_check = ON", "PRAGMA trusted_schema = OFF", "PRAGMA mmap_size = 0",
                           "PRAGMA temp_store = MEMORY"});
}

tl::unexpected<Error> newerSchema(std::int64_t version) {
    return fail(Errc::kFault,
                fmt::format("it was written by a newer version of the agent (schema {}, this one knows {})", version,
                            kSchemaVersion));
}

Result<std::string> schemaOf(Database& db) {
    auto select = db.prepare("SELECT sql FROM sqlite_schema ORDER BY name");
    if (!select) return tl::unexpected<Error>(select.error());
    std::string schema;
    for (auto row = select->step();; row = select->step()) {
        if (!row) return tl::unexpected<Error>(row.error());
        if (!*row) return schema;
        schema += select->bytes(0) + ";";
    }
}

/// A flipped bit in the schema's text would make other tables of ours: it must be what this program would have made.
Result<void> checkSchema(Database& db) {
    auto model = Database::open(":memory:", Access::kWriter);
    if (!model) return tl::unexpected<Error>(model.error());
    for (const char* migration : kMigrations) {
        if (auto done = model->execute(migration); !done) return done;
    }
    const auto wanted = schemaOf(*model);
    const auto found = schemaOf(db);
    if (!wanted) return tl::unexpected<Error>(wanted.error());
    if (!found) return tl::unexpected<Error>(found.error());
    if (*found != *wanted) return fail(Errc::kFault, "its tables are not those of a journal");
    return {};
}

Result<void> migrate(Database& db) {
    auto version = db.integer("PRAGMA user_version");
    if (!version) return tl::unexpected<Error>(version.error());
    if (*version < 0 || *version > kSchemaVersion) return newerSchema(*version);
    if (*version == kSchemaVersion) return checkSchema(db);
    if (db.isReadOnly()) return {};
    for (; *version < kSchemaVersion; ++*version) {
        auto done = db.transaction([&] {
            return executeAll(db, {kMigrations[static_cast<std::size_t>(*version)],
                                   fmt::format("PRAGMA user_version = {}", *version + 1).c_str()});
        });
        if (!done) return done;
    }
    // A power cut must not find the schema in the WAL alone.
    return db.execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

}  // namespace

Result<FileReport> inspectJournalFile(const std::string& path) {
    const auto cannotRead = [&](int error) {
        return fail(error == EACCES || error == EPERM ? Errc::kPermission : Errc::kIo,
                    fmt::format("cannot read {}: {}", path, std::generic_category().message(error)));
    };
    for (const char* companion : {"-wal", "-shm", "-journal"}) {
        struct stat beside {};
        if (::stat((path + companion).c_str(), &beside) == 0 && !S_ISREG(beside.st_mode)) {
            return FileReport{FileVerdict::kUnusable, fmt::format("its {} is not a file", companion)};
        }
    }
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        if (errno == ENOENT) return FileReport{};
        if (errno == ELOOP) return FileReport{FileVerdict::kUnusable, "it is a symbolic link to itself"};
        return cannotRead(errno);
    }
    if (S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode)) {
        return fail(Errc::kInvalid, fmt::format("journal.path {} is a device: set it to a file", path));
    }
    if (S_ISDIR(info.st_mode)) return FileReport{FileVerdict::kUnusable, "it is a directory"};
    if (!S_ISREG(info.st_mode)) return FileReport{FileVerdict::kUnusable, "it is not a regular file"};
    if (info.st_size == 0) return FileReport{};

    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return cannotRead(errno);
    std::array<unsigned char, kHeaderBytes> header{};
    const ssize_t got = ::pread(file.get(), header.data(), header.size(), 0);
    if (got < 0) return FileReport{FileVerdict::kUnusable, "its first block cannot be read"};
    if (static_cast<std::size_t>(got) < header.size() || std::memcmp(header.data(), kMagic, sizeof kMagic) != 0) {
        return FileReport{FileVerdict::kUnusable, "it is not a SQLite database"};
    }
    if (bigEndian(&header[kApplicationIdOffset]) != kApplicationId) {
        return FileReport{FileVerdict::kUnusable, "it is a database of another program"};
    }
    if (header[kWriteVersionOffset] > kNewestWriteVersion) {
        return FileReport{FileVerdict::kUnusable, "its header says that SQLite may not write it"};
    }
    return FileReport{FileVerdict::kJournal, ""};
}

Result<void> createJournal(Database& db) {
    // Page size and vacuum mode are fixed by the first write.
    const std::string mark = fmt::format("PRAGMA application_id = {}", kApplicationId);
    auto done = executeAll(
        db, {"PRAGMA page_size = 1024", "PRAGMA auto_vacuum = INCREMENTAL", "PRAGMA synchronous = FULL", mark.c_str()});
    if (!done) return done;
    return migrate(db);
}

Result<void> prepareJournal(Database& db) {
    if (auto set = setForConnection(db); !set) return set;
    if (!db.isReadOnly()) {
        // secure_delete: Debian's default overwrites what is deleted, which doubles what pruning writes.
        auto done = executeAll(
            db, {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA wal_autocheckpoint = 256",
                 "PRAGMA journal_size_limit = 1048576", "PRAGMA secure_delete = FAST",
                 // KiB. The rows of a commit lie together: SQLite's two megabytes would hold what nobody asks for.
                 "PRAGMA cache_size = -256"});
        if (!done) return done;
        if (auto kept = db.keepWal(); !kept) return kept;
    }
    return migrate(db);
}

Result<void> prepareReading(Database& db) {
    if (auto set = setForConnection(db); !set) return set;
    const auto version = db.integer("PRAGMA user_version");
    if (!version) return tl::unexpected<Error>(version.error());
    if (*version > kSchemaVersion) return newerSchema(*version);
    return {};
}

}  // namespace edge
