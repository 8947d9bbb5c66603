// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "core/result.hpp"
#include "journal/store/sqlite.hpp"

namespace edge {

/// "PEJ1" in the header of every journal: any other SQLite file belongs to another program.
inline constexpr std::int64_t kApplicationId = 0x50454A31;
/// PRAGMA user_version of the newest schema this program knows.
inline constexpr std::int64_t kSchemaVersion = 2;

/// Makes a journal of an empty database that no other connection uses yet.
Result<void> createJournal(Database& db);

/// Sets up a connection that writes, and brings an older schema up to date. Errc::kFault: the schema is newer than
/// kSchemaVersion, or not a journal's. A connection that can only read gets the settings that need no writing.
Result<void> prepareJournal(Database& db);

/// Sets up a connection that reads. Errc::kFault: the schema is newer than kSchemaVersion.
Result<void> prepareReading(Database& db);

/// For a connection that cannot migrate the file: its tables look like those of kSchemaVersion.
Result<void> adaptOldSchema(Database& db);

}  // namespace edge
