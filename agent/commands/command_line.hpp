// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "client/client.hpp"
#include "core/version.hpp"
#include "journal/command.hpp"

namespace edge {

/// The parsed command line.
struct CommandLine {
    std::string command;  ///< "run", "check-config", "print-id", "status", …
    std::string config = kConfigFile;
    bool show = false;   ///< of check-config
    bool json = false;   ///< of doctor, sensors and status
    std::string output;  ///< of capture: a path, or "-"
    std::string device;  ///< of status: device.id of another agent; "" = the configured one
    JournalCommandOptions journal;
    RequestOptions request;
};

/// nullopt if there is nothing to run: the help or the version was printed to `out` (`exitCode` 0), or the usage is
/// wrong and the reason is on `err`, with a "did you mean" for a misspelt word (`exitCode` 2).
std::optional<CommandLine> parseCommandLine(int argc, const char* const* argv, std::ostream& out, std::ostream& err,
                                            int& exitCode);

}  // namespace edge
