// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>
#include <string>

#include "journal/command.hpp"

namespace edge {

/// `pi-edge-agent journal` with the journal that `configPath` names. Opens no secret. Returns the exit code; throws
/// ConfigError.
int runJournal(const std::string& configPath, JournalCommandOptions options, std::ostream& out, std::ostream& err);

}  // namespace edge
