// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>
#include <string>

#include <CLI/CLI.hpp>

#include "journal/command.hpp"

namespace edge {

/// The options of `pi-edge-agent journal`, filled while the command line is read.
void addJournalOptions(CLI::App& command, JournalCommandOptions& options);

/// `pi-edge-agent journal` with the journal that `configPath` names. Opens no secret. Returns the exit code; throws
/// ConfigError.
int runJournal(const std::string& configPath, JournalCommandOptions options, std::ostream& out, std::ostream& err);

}  // namespace edge
