// SPDX-License-Identifier: MIT
#include "core/system/log.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <limits.h>
#include <mutex>
#include <string>

#include "core/system/standard_streams.hpp"
#include "core/text.hpp"
#include "core/time/time.hpp"

namespace edge::log {
namespace {

/// Of each level: its name, and systemd's prefix (sd-daemon.h): journald takes the level from it, and has a clock of
/// its own.
struct Label {
    const char* name;
    const char* journalPrefix;
};
constexpr std::array<Label, 4> kLabels{{{"debug", "<7>"}, {"info", "<6>"}, {"warning", "<4>"}, {"error", "<3>"}}};

std::atomic<Level> lowest{Level::kInfo};

/// Writes to standard error without waiting for its reader. The open file description may be shared with a shell, the
/// parent or the camera program, so O_NONBLOCK must not be set on it. Instead it is written to only when poll() allows,
/// and no more at once than the kernel then takes without waiting: PIPE_BUF bytes for a pipe (pipe(7)), 256 for a
/// terminal (WAKEUP_CHARS of the kernel's n_tty.c); a socket has room for far more. Another process that fills the rest
/// in between can still make that wait. Returns how many bytes were taken now: 0 when none can be, whatever the reason.
std::size_t writeNow(std::string_view text) {
    constexpr std::size_t kTerminalBytes = 256;
    pollfd room{STDERR_FILENO, POLLOUT, 0};
    if (::poll(&room, 1, 0) <= 0 || (room.revents & POLLOUT) == 0) return 0;
    const std::size_t most = ::isatty(STDERR_FILENO) == 1 ? kTerminalBytes : PIPE_BUF;
    ssize_t written = 0;
    do {
        written = ::write(STDERR_FILENO, text.data(), std::min(text.size(), most));
    } while (written < 0 && errno == EINTR);
    return written < 0 ? 0 : static_cast<std::size_t>(written);
}

/// Drops and counts lines that cannot be written at once (a pipe or socket that is full, a stopped terminal, a full
/// disk): a log that nobody reads must not stop the program. The next line that can be written is preceded by the
/// count. A line that was begun is finished before another one begins.
class Output {
  public:
    void write(Level level, std::string_view text) {
        const std::lock_guard lock(mutex_);
        if (!reportDropped() || !put(format(level, text))) ++dropped_;
    }

  private:
    [[nodiscard]] std::string format(Level level, std::string_view text) const {
        const Label& label = kLabels[static_cast<std::size_t>(level)];
        if (isForJournal_) return fmt::format("{}{}\n", label.journalPrefix, text);
        const WallTime now = std::chrono::system_clock::now();
        const auto ms = std::chrono::floor<milliseconds>(now.time_since_epoch()).count() % 1000;
        return fmt::format("{}.{:03} {}: {}\n", formatLocalTime(now), ms, label.name, text);
    }

    /// Finishes the line that was begun, then begins `line`. False when `line` was not begun.
    bool put(std::string line) {
        if (!writeRest()) return false;
        const std::size_t length = line.size();
        rest_ = std::move(line);
        writeRest();
        if (rest_.size() < length) return true;
        rest_.clear();
        return false;
    }

    bool writeRest() {
        while (!rest_.empty()) {
            const std::size_t written = writeNow(rest_);
            if (written == 0) return false;
            rest_.erase(0, written);
        }
        return true;
    }

    bool reportDropped() {
        if (dropped_ == 0) return true;
        const std::string text = fmt::format("{} log lines were dropped: standard error was blocked", dropped_);
        if (!put(format(Level::kWarning, text))) return false;
        dropped_ = 0;
        return true;
    }

    std::mutex mutex_;
    const bool isForJournal_ = isJournalReading();
    std::string rest_;  ///< of a line that was begun
    std::size_t dropped_ = 0;
};

/// The one process-wide object: a log line may come from any thread at any moment, even while the program ends.
Output& output() {
    static auto* const kept = new Output;
    return *kept;
}

}  // namespace

void setLevel(Level level) {
    lowest = level;
}
bool enabled(Level level) {
    return level >= lowest;
}
// What does not print is escaped, whatever the line is made of: a message cannot change the terminal that shows it.
void write(Level level, std::string_view line) {
    // Each of several lines gets what is in front of a line: journald takes them for messages of their own.
    const std::string text = printableLines(line);
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        output().write(level, std::string_view(text).substr(begin, end - begin));
        begin = end + 1;
    }
}

}  // namespace edge::log
