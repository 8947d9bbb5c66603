// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/result.hpp"

namespace edge {

/// Renames what stands at `path`, with its -wal, -shm and -journal (which must never meet a new file), to
/// `<path>.corrupt-<n>`; n is one more than the highest there is. Keeps the two newest of those. Returns the new name.
Result<std::string> setJournalAside(const std::string& path);

/// Files of a journal that is not there itself: they would be taken for part of the next one.
bool hasOrphanedFiles(const std::string& path);

}  // namespace edge
