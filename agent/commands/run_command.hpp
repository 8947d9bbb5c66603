// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace edge {

/// `pi-edge-agent run`: reads the configuration, runs an Agent until SIGTERM or SIGINT, and takes it down in order.
/// SIGHUP reads the configuration again; a bad one leaves the old in force. Blocks these signals, so no other
/// thread may run yet. Returns the exit code: 0 stopped, 1 failed (the message is logged). Throws ConfigError at start.
int runAgent(const std::string& configPath);

}  // namespace edge
