// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "commands/capture_command.hpp"
#include "journal/command.hpp"

namespace edge {

/// What was asked for on the command line.
struct CommandLine {
    std::string command;  ///< "run", "check-config", "capture", "journal" or "doctor"
    std::string config = "/etc/pi-edge-agent/agent.toml";
    bool json = false;  ///< of doctor
    CaptureCommandOptions capture;
    JournalCommandOptions journal;
};

/// nullopt where there is nothing left to do: the help or the version was printed to `out` (`exitCode` 0), or the usage
/// is wrong and `err` says what and, for what is misspelt, what was probably meant (`exitCode` 2).
std::optional<CommandLine> parseCommandLine(int argc, const char* const* argv, std::ostream& out, std::ostream& err,
                                            int& exitCode);

/// The manual page (mdoc) and the completion for bash, of the same descriptions that --help shows. What is in docs/man
/// is what these return; a test compares.
std::string manualPage();
std::string bashCompletion();

}  // namespace edge
