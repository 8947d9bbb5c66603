// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include "core/time/time.hpp"

namespace edge {

/// The options of `pi-edge-agent journal`, as they were given.
struct JournalCommandOptions {
    std::string path;                   ///< journal.path
    std::string kind;                   ///< "" = all, else one of JournalReader::kKinds
    std::string since;                  ///< "" = from the start, else what parseSince() takes
    std::optional<std::uint64_t> last;  ///< only the last so many, at least 1; with `follow` alone: 10
    bool json = false;                  ///< one object a line instead of text
    bool header = false;                ///< the names of the columns first, for a person at a terminal
    bool follow = false;                ///< go on with what is written from now on, until a signal ends it
};

/// The time that --since means: "2h" or "7d" (that long before `now`), "2026-11-20" or "2026-11-20 09:30" or
/// "2026-11-20 09:30:15" (local time), or any RFC 3339 time. nullopt for anything else.
std::optional<WallTime> parseSince(std::string_view text, WallTime now);

/// What is wrong with the options; "" = nothing.
[[nodiscard]] std::string validateJournalOptions(const JournalCommandOptions& options);

/// `pi-edge-agent journal`: rows to `out`, oldest first. Writes nothing to the journal, and needs no running agent.
/// Returns the exit code: 0 done; 1 the journal cannot be read, or `out` cannot be written; 2 an option is wrong. 1 and
/// 2 come with a sentence on `err`, except where `out` is the reason.
int runJournalCommand(const JournalCommandOptions& options, std::ostream& out, std::ostream& err);

}  // namespace edge
