// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>
#include <string>

namespace edge {

struct CaptureCommandOptions {
    std::string configPath;
    std::string outputPath;
};

/// `pi-edge-agent capture`: one picture into a file, without a broker. The file appears whole or not at all.
/// Returns 0, or 1 with a sentence on `err`. Throws ConfigError.
int runCaptureCommand(const CaptureCommandOptions& options, std::ostream& out, std::ostream& err);

}  // namespace edge
