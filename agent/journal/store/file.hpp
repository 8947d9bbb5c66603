// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "core/result.hpp"
#include "core/system/files.hpp"

namespace edge {

/// The journal as a file: everything about it that needs no SQLite.

/// Makes the directory of the journal; its parent must exist.
Result<void> makeJournalDirectory(const std::string& path);

/// Whether a journal is at `path`, by the type of the file and its header; false: nothing, or an empty file. Errors:
/// Errc::kFault with a reason ("it is a directory", "it is a database of another program") = it is no journal and may
/// be renamed; anything else = it cannot be read, or is a device.
Result<bool> isJournalFile(const std::string& path);

/// Makes an empty file (mode 0640 whatever the umask is: the group may read it) and makes its name permanent with
/// publishFile().
Result<void> makeEmptyFile(const std::string& path);
/// Renames a complete file, so that the new name survives a power cut.
Result<void> publishFile(const std::string& from, const std::string& to);
/// Removes it with its -wal, -shm and -journal.
void removeJournalFile(const std::string& path);

/// Renames what is at `path`, with its -wal, -shm and -journal (which must never meet a new file), to
/// `<path>.corrupt-<n>`; n is one more than the highest there is. Keeps the two newest. Returns the new name.
Result<std::string> quarantine(const std::string& path);

/// A -wal or -journal without its database: SQLite would take it for part of the next one.
bool hasOrphanedFiles(const std::string& path);

/// With its WAL. 0 where there is none.
[[nodiscard]] std::int64_t journalFileBytes(const std::string& path);

/// Makes one agent the only writer of a journal while the result lives: flock() on `<path>.lock`, which holds the pid
/// of the owner. The kernel releases it when the process ends, however it ends; the file that stays is harmless. Fails
/// with Errc::kBusy only, and names the pid. Where no lock file can be made (read-only file system, a directory of
/// another user) no other agent can write either, and the result is empty.
Result<UniqueFd> lockJournal(const std::string& journalPath);

}  // namespace edge
