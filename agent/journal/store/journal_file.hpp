// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "core/result.hpp"
#include "journal/store/contents.hpp"
#include "journal/store/sqlite.hpp"

namespace edge {

/// What is known about the file before it is opened.
struct FileHistory {
    std::string path;
    bool wasClosed = false;  ///< its last owner closed it: a large one need not be checked
    bool isSuspect = false;  ///< the storage failed under it: what lies in its WAL must be written once more
    std::string damage;      ///< set: it is known to be damaged, so it is not even tried
};

/// A journal that is open and can be trusted.
struct JournalFile {
    Database db;
    std::int64_t nextId = 1;
    std::uint64_t undelivered = 0;
    std::uint64_t corruptRows = 0;
    std::string warning;  ///< "" or what was wrong with the file and what was done about it
};

/// Makes the directory the journal goes into, where only that one is missing.
Result<void> makeJournalDirectory(const std::string& path);

/// Opens the journal, or makes one (mode 0640). What cannot be used is set
/// aside, and the new file gets `essence` with all that could be rescued. `essence` gets what the file holds; where
/// both know something, its own stands. Errors: the file system does not let us; `essence` then keeps what was rescued.
Result<JournalFile> openJournalFile(const FileHistory& history, JournalEssence& essence);

/// With its WAL. 0 where there is none.
[[nodiscard]] std::int64_t journalFileBytes(const std::string& path);

}  // namespace edge
