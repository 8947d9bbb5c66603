// SPDX-License-Identifier: MIT
#include "journal/command.hpp"

#include <signal.h>

#include <algorithm>
#include <ostream>
#include <pthread.h>

#include <fmt/core.h>

#include "core/text.hpp"
#include "journal/reader.hpp"
#include "journal/row_text.hpp"
#include "journal/since.hpp"

namespace edge {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr std::size_t kRowsAtOnce = 256;
constexpr milliseconds kPoll{500};
constexpr std::uint64_t kShownBeforeFollowing = 10;

/// Takes SIGINT and SIGTERM as a word to end, between two batches, so that no line is cut.
class Interruption {
  public:
    Interruption() {
        sigemptyset(&signals_);
        sigaddset(&signals_, SIGINT);
        sigaddset(&signals_, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &signals_, &before_);
    }
    ~Interruption() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;

    /// True as soon as one has come; false when none came in time.
    [[nodiscard]] bool wait(milliseconds limit) const {
        timespec time{};
        time.tv_nsec = static_cast<decltype(time.tv_nsec)>(std::chrono::nanoseconds(limit).count());
        return sigtimedwait(&signals_, nullptr, &time) > 0;
    }

  private:
    sigset_t signals_{};
    sigset_t before_{};
};

int usage(std::ostream& err, const std::string& sentence) {
    err << sentence << '\n';
    return kUsage;
}

int failed(std::ostream& err, const Error& error) {
    err << error.message << '\n';
    return kFailed;
}

int show(JournalReader& reader, const JournalCommandOptions& options, std::ostream& out, std::ostream& err) {
    const Interruption interruption;
    if (options.header && !options.json) out << textHeader() << '\n';
    while (true) {
        const auto rows = reader.next(kRowsAtOnce);
        if (!rows) return failed(err, rows.error());
        for (const JournalRow& row : *rows) out << (options.json ? toJsonLine(row) : toTextLine(row)) << '\n';
        if (!out.flush() || interruption.wait(milliseconds{0})) return kDone;
        if (!rows->empty()) continue;
        if (!options.follow) return kDone;
        for (bool isNew = false; !isNew;) {
            if (interruption.wait(kPoll)) return kDone;
            const auto changed = reader.hasChanged();
            if (!changed) return failed(err, changed.error());
            isNew = *changed;
        }
    }
}

}  // namespace

int runJournalCommand(const JournalCommandOptions& options, std::ostream& out, std::ostream& err) {
    JournalFilter filter{options.kind, std::nullopt};
    const auto& kinds = JournalReader::kKinds;
    if (!options.kind.empty() && std::find(kinds.begin(), kinds.end(), options.kind) == kinds.end()) {
        return usage(err,
                     fmt::format("--kind {}: there are command, reading, capture and event", printable(options.kind)));
    }
    if (!options.since.empty()) {
        filter.since = parseSince(options.since, std::chrono::system_clock::now());
        if (!filter.since) {
            return usage(err,
                         fmt::format("--since {}: give 2h or 7d, 2026-11-20 or \"2026-11-20 09:30\" (local time), or "
                                     "an RFC 3339 time like 2026-11-20T09:30:00Z",
                                     printable(options.since)));
        }
    }
    auto reader = JournalReader::open(options.path, std::move(filter));
    if (!reader) return failed(err, reader.error());

    auto last = options.last;
    if (options.follow && !last && options.since.empty()) last = kShownBeforeFollowing;
    if (last) {
        if (auto skipped = reader->skipToLast(*last); !skipped) return failed(err, skipped.error());
    }
    const int code = show(*reader, options, out, err);
    if (reader->damaged() > 0) {
        err << fmt::format("{} damaged rows are not shown\n", reader->damaged());
    }
    return code;
}

}  // namespace edge
