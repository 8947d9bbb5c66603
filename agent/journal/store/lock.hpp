// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/result.hpp"
#include "core/system/files.hpp"

namespace edge {

/// Makes one agent the only writer of a journal: flock() on `<path>.lock`, which holds the pid of the owner. The kernel
/// lets go of it when the process ends, however it ends; what is left is a harmless file. A pid in it that nobody has
/// locked also says that the last owner did not close the journal.
class JournalLock {
  public:
    /// Fails with Errc::kBusy only, and names the pid. Where no lock can be had (read-only file system, a directory
    /// that is not ours) nobody else can write either, and the lock is empty.
    static Result<JournalLock> take(const std::string& journalPath);

    [[nodiscard]] bool isHeld() const { return static_cast<bool>(file_); }
    /// Whether the last owner said markClosed().
    [[nodiscard]] bool wasClosed() const { return wasClosed_; }
    /// The file is complete: the next owner need not check a large one.
    void markClosed();

  private:
    UniqueFd file_;
    bool wasClosed_ = false;
};

}  // namespace edge
