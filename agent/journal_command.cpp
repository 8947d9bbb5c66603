// SPDX-License-Identifier: MIT
#include "journal_command.hpp"

#include "config/load.hpp"
#include "core/identity.hpp"

namespace edge {

void addJournalOptions(CLI::App& command, JournalCommandOptions& options) {
    command.add_option("--kind", options.kind, "only rows of one kind: command, reading, capture or event");
    command.add_option("--since", options.since,
                       "only rows since a time (2026-11-20T09:30:00Z) or for so long (30m, 2h, 7d)");
    command.add_option("--last", options.last, "only the last N rows");
    command.add_flag("--json", options.json, "one JSON object a line");
    command.add_flag("--follow", options.follow, "go on with what is written from now on");
}

int runJournal(const std::string& configPath, JournalCommandOptions options, std::ostream& out, std::ostream& err) {
    options.path = loadConfig(configPath, readIdentity()).journal.path;
    return runJournalCommand(options, out, err);
}

}  // namespace edge
