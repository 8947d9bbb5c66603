// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/result.hpp"
#include "journal/store/sqlite.hpp"

namespace edge {

/// "PEJ1" in the header of every journal: any other SQLite file is somebody else's.
inline constexpr std::int64_t kApplicationId = 0x50454A31;
/// PRAGMA user_version of the newest schema this program knows.
inline constexpr std::int64_t kSchemaVersion = 1;

/// What stands at the journal's path, judged without opening it as a database.
enum class FileVerdict {
    kMissing,  ///< nothing, or an empty file: a journal can be made
    kJournal,  ///< a SQLite file with our application id
    kUnusable  ///< anything else that may be renamed aside
};
struct FileReport {
    FileVerdict verdict = FileVerdict::kMissing;
    std::string reason;  ///< of kUnusable: "it is a directory", "it is not a SQLite database", "…of another program"
};
/// Looks at the type of the file and at its header. An error: it cannot be read, or it is a device, which nobody may
/// rename.
Result<FileReport> inspectJournalFile(const std::string& path);

/// Makes a journal of an empty database that nobody else knows yet.
Result<void> createJournal(Database& db);

/// The settings of a connection that writes; brings an older schema up to date. A schema that is newer than ours, or
/// not ours, is Errc::kFault. Where the connection can only read: the settings that need no writing.
Result<void> prepareJournal(Database& db);

/// The settings of a connection that reads, and whether it is a journal that this program can read.
Result<void> prepareReading(Database& db);

}  // namespace edge
