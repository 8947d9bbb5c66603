// SPDX-License-Identifier: MIT
#include "journal/command.hpp"

#include <algorithm>
#include <ostream>
#include <thread>

#include <fmt/core.h>

#include "core/suggest.hpp"
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

int failed(std::ostream& err, const Error& error) {
    err << error.message << '\n';
    return kFailed;
}

/// Whoever asked for `out` sees there why it cannot be written, and says so.
int show(JournalReader& reader, const JournalCommandOptions& options, std::ostream& out, std::ostream& err) {
    if (options.header && !options.json) out << textHeader() << '\n';
    while (true) {
        const auto rows = reader.next(kRowsAtOnce);
        if (!rows) return failed(err, rows.error());
        for (const JournalRow& row : *rows) out << (options.json ? toJsonLine(row) : toTextLine(row)) << '\n';
        if (!out.flush()) return kFailed;
        if (!rows->empty()) continue;
        if (!options.follow) return kDone;
        for (bool isNew = false; !isNew;) {
            std::this_thread::sleep_for(kPoll);
            const auto changed = reader.hasChanged();
            if (!changed) return failed(err, changed.error());
            isNew = *changed;
        }
    }
}

}  // namespace

std::string mistakeIn(const JournalCommandOptions& options) {
    const auto& kinds = JournalReader::kKinds;
    if (!options.kind.empty() && std::find(kinds.begin(), kinds.end(), options.kind) == kinds.end()) {
        const std::string meant = nearest(options.kind, {kinds.begin(), kinds.end()});
        return fmt::format("--kind {}: {}there are command, reading, capture and event", printable(options.kind),
                           meant.empty() ? "" : fmt::format("did you mean {}? ", meant));
    }
    if (!options.since.empty() && !parseSince(options.since, std::chrono::system_clock::now())) {
        return fmt::format(
            "--since {}: give 2h or 7d, 2026-11-20 or \"2026-11-20 09:30\" (local time), or an RFC 3339 "
            "time like 2026-11-20T09:30:00Z",
            printable(options.since));
    }
    return "";
}

int runJournalCommand(const JournalCommandOptions& options, std::ostream& out, std::ostream& err) {
    if (const std::string mistake = mistakeIn(options); !mistake.empty()) {
        err << mistake << '\n';
        return kUsage;
    }
    JournalFilter filter{options.kind, std::nullopt};
    if (!options.since.empty()) filter.since = parseSince(options.since, std::chrono::system_clock::now());
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
