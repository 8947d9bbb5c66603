// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>
#include <string>

namespace edge {

struct CaptureCommandOptions {
    std::string configPath;
    std::string outputPath;
};

/// `pi-edge-agent capture`: one picture into a file (replaceFile()), without a broker; "-" is `out`, which is standard
/// output. Returns 0; 1 or (a terminal as output) 2 with a sentence on `err`. Throws ConfigError.
int runCaptureCommand(const CaptureCommandOptions& options, std::ostream& out, std::ostream& err);

}  // namespace edge
