// SPDX-License-Identifier: MIT
#include <unistd.h>

#include "commands/commands.hpp"
#include "config/load.hpp"
#include "core/system/identity.hpp"

namespace edge {

int printJournal(const std::string& configPath, JournalCommandOptions options, std::ostream& out, std::ostream& err) {
    options.header = ::isatty(STDOUT_FILENO) == 1;
    // Wrong usage is reported whatever the configuration.
    if (validateJournalOptions(options).empty()) options.path = loadConfig(configPath, readIdentity()).journal.path;
    return runJournalCommand(options, out, err);
}

}  // namespace edge
