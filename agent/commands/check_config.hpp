// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>
#include <string>

namespace edge {

/// `pi-edge-agent check-config`: reads `path` as `run` would, secrets and certificates included, and says what it
/// found. A secret that only this user may not read is a warning. Returns 0; throws ConfigError as `run` would.
int checkConfig(const std::string& path, std::ostream& out, std::ostream& err);

}  // namespace edge
