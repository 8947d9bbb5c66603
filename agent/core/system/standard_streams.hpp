// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace edge {

/// Standard output for what a command prints. Unlike std::cout it knows afterwards why something could not be written:
/// a full disk or a closed pipe must not look like success. Buffered. One in a program.
class StandardOutput : public std::ostream {
  public:
    StandardOutput();
    ~StandardOutput() override;

    /// Writes what is buffered. The error of the first write that failed, by then or before.
    Result<void> finish();

  private:
    class Buffer;
    std::unique_ptr<Buffer> buffer_;
};

/// Whether `path` is "-", or another name for standard output, such as /dev/stdout.
[[nodiscard]] bool isStandardOutput(const std::string& path);

/// For what ends a program before it has a log, or a command that has none: `text`, of one or several lines, to
/// standard error, with what does not print escaped; for journald with the priority of an error, so that `journalctl -p
/// err` shows it.
void report(std::string_view text);

/// Whether journald reads standard error. $JOURNAL_STREAM alone does not say so: what a shell inside of a unit starts
/// inherits it.
[[nodiscard]] bool isJournalReading();

/// A standard stream that the parent closed refers to /dev/null afterwards, for reading only: a file or socket that is
/// opened later cannot take its number, and writing to it fails. Call first thing in main().
void keepStandardStreams();

}  // namespace edge
