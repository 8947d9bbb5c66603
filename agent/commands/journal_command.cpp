// SPDX-License-Identifier: MIT
#include "commands/journal_command.hpp"

#include <unistd.h>

#include "config/load.hpp"
#include "core/system/identity.hpp"

namespace edge {

int runJournal(const std::string& configPath, JournalCommandOptions options, std::ostream& out, std::ostream& err) {
    options.header = ::isatty(STDOUT_FILENO) == 1;
    // Wrong usage first: it is wrong with any configuration.
    if (mistakeIn(options).empty()) options.path = loadConfig(configPath, readIdentity()).journal.path;
    return runJournalCommand(options, out, err);
}

}  // namespace edge
