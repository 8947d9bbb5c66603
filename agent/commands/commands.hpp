// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>
#include <string>

#include "journal/command.hpp"

/// The subcommands of pi-edge-agent. Each returns the exit code; all throw ConfigError for a configuration that cannot
/// be used. `doctor` is a module of its own.
namespace edge {

/// `run`: runs an Agent until SIGTERM or SIGINT, and shuts it down in order. SIGHUP reads the configuration again; a
/// bad one leaves the old one in force. Blocks these signals, so no other thread may run yet. Returns 0 (stopped) or 1
/// (the reason is logged). Throws at the start only.
int runAgent(const std::string& configPath);

/// `check-config`: reads the files as `run` would, including secrets and certificates. A secret that this user may not
/// read is a warning. With `show` it prints the effective configuration.
int checkConfig(const std::string& configPath, bool show, std::ostream& out, std::ostream& err);

/// `print-id`: prints device.id.
int printId(const std::string& configPath, std::ostream& out);

/// `capture`: writes one picture to a file (replaceFile()), without a broker; "-" is `out`, which is standard output.
/// Returns 0, or 1 or 2 (standard output is a terminal) with the reason on `err`.
int capturePicture(const std::string& configPath, const std::string& outputPath, std::ostream& out, std::ostream& err);

/// `journal`: prints the journal that the configuration names. Opens no secret.
int printJournal(const std::string& configPath, JournalCommandOptions options, std::ostream& out, std::ostream& err);

}  // namespace edge
