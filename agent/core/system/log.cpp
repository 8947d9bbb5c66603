// SPDX-License-Identifier: MIT
#include "core/system/log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits.h>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include "core/system/files.hpp"
#include "core/system/standard_streams.hpp"
#include "core/text.hpp"

namespace edge::log {
namespace {

/// systemd's prefix (sd-daemon.h): journald takes the level from it, and has a clock of its own.
constexpr std::string_view journalPrefix(spdlog::level::level_enum level) {
    constexpr std::array<std::string_view, spdlog::level::n_levels> kPrefixes{"<7>", "<7>", "<6>", "<4>",
                                                                              "<3>", "<3>", ""};
    return kPrefixes[static_cast<std::size_t>(level)];
}

/// Writes to standard error without waiting for its reader. The open file description may be shared with a shell, the
/// parent or the camera program, so O_NONBLOCK must not be set on it. Instead, by kind:
/// - a pipe or a terminal is opened a second time, non-blocking. Where that is forbidden (it belongs to another user),
///   it is written to only when poll() allows, and no more at once than the kernel then takes without waiting: PIPE_BUF
///   bytes for a pipe (pipe(7)), 256 for a terminal (WAKEUP_CHARS of the kernel's n_tty.c). Another process that writes
///   in between can still make that wait.
/// - a socket takes MSG_DONTWAIT.
/// - a file has no reader to wait for.
class StandardError {
  public:
    /// How many of the bytes were taken now: 0 when none can be, whatever the reason.
    std::size_t write(std::string_view text) {
        if (!follow()) return 0;
        ssize_t written = 0;
        do {
            written = writeOnce(text);
        } while (written < 0 && errno == EINTR);
        return written < 0 ? 0 : static_cast<std::size_t>(written);
    }

  private:
    /// Standard error may be another file than the last time (dup2). False where it is closed.
    bool follow() {
        struct stat now {};
        if (::fstat(STDERR_FILENO, &now) != 0) return false;
        if (seen_ && seen_->st_dev == now.st_dev && seen_->st_ino == now.st_ino) return true;
        seen_ = now;
        own_.reset();
        if (S_ISFIFO(now.st_mode) || S_ISCHR(now.st_mode))
            own_.reset(::open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
        return true;
    }

    ssize_t writeOnce(std::string_view text) {
        constexpr std::size_t kTerminalBytes = 256;
        if (own_) return ::write(own_.get(), text.data(), text.size());
        if (S_ISSOCK(seen_->st_mode))
            return ::send(STDERR_FILENO, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (S_ISREG(seen_->st_mode)) return ::write(STDERR_FILENO, text.data(), text.size());
        pollfd room{STDERR_FILENO, POLLOUT, 0};
        if (::poll(&room, 1, 0) <= 0 || (room.revents & POLLOUT) == 0) return 0;
        const std::size_t most = S_ISFIFO(seen_->st_mode) ? PIPE_BUF : kTerminalBytes;
        return ::write(STDERR_FILENO, text.data(), std::min(text.size(), most));
    }

    std::optional<struct stat> seen_;
    UniqueFd own_;
};

/// Drops and counts lines that cannot be written at once (a pipe or socket that is full, a stopped terminal, a full
/// disk): a log that nobody reads must not stop the program. The next line that can be written is preceded by the
/// count. A line that was begun is finished before another one begins.
class NonBlockingSink : public spdlog::sinks::base_sink<std::mutex> {
  protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        if (!reportDropped() || !put(format(message))) ++dropped_;
    }
    void flush_() override {}

  private:
    std::string format(const spdlog::details::log_msg& message) {
        const std::string_view text(message.payload.data(), message.payload.size());
        if (isForJournal_) return fmt::format("{}{}\n", journalPrefix(message.level), text);
        ::tzset();  // localtime_r() alone does not notice that the time zone was changed
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        return {line.data(), line.size()};
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
            const std::size_t written = output_.write(rest_);
            if (written == 0) return false;
            rest_.erase(0, written);
        }
        return true;
    }

    bool reportDropped() {
        if (dropped_ == 0) return true;
        const std::string text = fmt::format("{} log lines were dropped: standard error was blocked", dropped_);
        if (!put(format({"edge", spdlog::level::warn, text}))) return false;
        dropped_ = 0;
        return true;
    }

    const bool isForJournal_ = isJournalReading();
    StandardError output_;
    std::string rest_;  ///< of a line that was begun
    std::size_t dropped_ = 0;
};

std::shared_ptr<spdlog::logger> makeLogger() {
    auto logger = std::make_shared<spdlog::logger>("edge", std::make_shared<NonBlockingSink>());
    logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %l: %v");
    return logger;
}

/// The one process-wide object: a log line may come from any thread at any moment, even while the program ends.
spdlog::logger& logger() {
    static const std::shared_ptr<spdlog::logger>* const kept = new std::shared_ptr<spdlog::logger>(makeLogger());
    return **kept;
}

constexpr spdlog::level::level_enum toSpdlog(Level level) {
    return static_cast<spdlog::level::level_enum>(level);
}
static_assert(toSpdlog(Level::kDebug) == spdlog::level::debug && toSpdlog(Level::kInfo) == spdlog::level::info &&
              toSpdlog(Level::kWarning) == spdlog::level::warn && toSpdlog(Level::kError) == spdlog::level::err);

}  // namespace

void setLevel(Level level) {
    logger().set_level(toSpdlog(level));
}
bool enabled(Level level) {
    return logger().should_log(toSpdlog(level));
}
// What does not print is escaped, whatever the line is made of: a message cannot change the terminal that shows it.
void write(Level level, std::string_view line) {
    // Each of several lines gets what is in front of a line: journald takes them for messages of their own.
    const std::string text = printableLines(line);
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        logger().log(toSpdlog(level), std::string_view(text).substr(begin, end - begin));
        begin = end + 1;
    }
}

}  // namespace edge::log
