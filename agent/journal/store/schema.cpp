// SPDX-License-Identifier: MIT
#include "journal/store/schema.hpp"

#include <array>

#include <fmt/core.h>

namespace edge {
namespace {

/// Entry N brings schema N to N + 1. Never changed once released; only added to.
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
    "ALTER TABLE readings ADD COLUMN measure TEXT NOT NULL DEFAULT '';",
}};

/// Of this connection, not of the file.
Result<void> setForConnection(Database& db) {
    return db.execute(
        "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY");
}

tl::unexpected<Error> newerSchema(std::int64_t version) {
    return fail(Errc::kFault,
                fmt::format("it was written by a newer version of the agent (schema {}, this one knows {})", version,
                            kSchemaVersion));
}

Result<std::string> schemaOf(Database& db) {
    auto select = TRY(db.prepare("SELECT sql FROM sqlite_schema ORDER BY name"));
    std::string schema;
    while (TRY(select.step())) schema += select.bytes(0) + ";";
    return schema;
}

/// A flipped bit in the schema's text would give the tables other columns: it must be what this program would make.
Result<void> checkSchema(Database& db) {
    auto model = TRY(Database::open(":memory:", Access::kWriter));
    for (const char* migration : kMigrations) TRY(model.execute(migration));
    if (TRY(schemaOf(db)) != TRY(schemaOf(model))) return fail(Errc::kFault, "its tables are not those of a journal");
    return {};
}

Result<void> migrate(Database& db) {
    std::int64_t version = TRY(db.integer("PRAGMA user_version"));
    if (version < 0 || version > kSchemaVersion) return newerSchema(version);
    if (version == kSchemaVersion) return checkSchema(db);
    if (db.isReadOnly()) return adaptOldSchema(db);
    for (; version < kSchemaVersion; ++version) {
        TRY(db.transaction([&] {
            return db.execute(fmt::format("{} PRAGMA user_version = {}", kMigrations[static_cast<std::size_t>(version)],
                                          version + 1));
        }));
    }
    // A power cut must not find the schema in the WAL alone.
    return db.execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

}  // namespace

Result<void> createJournal(Database& db) {
    // Page size and vacuum mode are fixed by the first write.
    TRY(
        db.execute(fmt::format("PRAGMA page_size = 1024; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA synchronous = FULL; "
                               "PRAGMA application_id = {}",
                               kApplicationId)));
    return migrate(db);
}

Result<void> prepareJournal(Database& db) {
    TRY(setForConnection(db));
    if (!db.isReadOnly()) {
        // secure_delete: Debian's default overwrites what is deleted, which doubles what pruning writes. cache_size is
        // in KiB: the rows of a commit are next to each other, so SQLite's default of 2 MiB would hold unused pages.
        TRY(
            db.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 256; "
                       "PRAGMA journal_size_limit = 1048576; PRAGMA secure_delete = FAST; PRAGMA cache_size = -256"));
        TRY(db.keepWal());
    }
    return migrate(db);
}

Result<void> prepareReading(Database& db) {
    TRY(setForConnection(db));
    const std::int64_t version = TRY(db.integer("PRAGMA user_version"));
    if (version > kSchemaVersion) return newerSchema(version);
    return adaptOldSchema(db);
}

Result<void> adaptOldSchema(Database& db) {
    if (TRY(db.integer("PRAGMA user_version")) >= 2) return {};
    // The names of temporary tables come before the file's.
    return db.execute(
        "PRAGMA temp_store = MEMORY; CREATE TEMP VIEW readings AS SELECT *, '' AS measure FROM main.readings");
}

}  // namespace edge
