// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <ostream>

#include <fmt/core.h>

#include "camera/client/client.hpp"
#include "commands/commands.hpp"
#include "config/load.hpp"
#include "core/system/files.hpp"
#include "core/system/identity.hpp"
#include "core/system/log.hpp"
#include "core/system/standard_streams.hpp"

namespace edge {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

}  // namespace

int capturePicture(const std::string& configPath, const std::string& outputPath, std::ostream& out, std::ostream& err) {
    const bool isToOutput = isStandardOutput(outputPath);
    if (isToOutput && ::isatty(STDOUT_FILENO) == 1) {
        err << "standard output is a terminal, which cannot show a picture; use -o FILE.jpg or redirect it\n";
        return kExitUsage;
    }
    log::setLevel(log::Level::kError);  // the reason for a failure is printed once, below
    const Config config = loadConfig(configPath, readIdentity());
    const Result<Picture> picture = takePicture(config);
    if (!picture) {
        err << "no picture: " << picture.error().message << '\n';
        return kExitFailed;
    }
    if (isToOutput) {
        out << picture->jpeg;
    } else if (const auto written = replaceFile(outputPath, picture->jpeg); !written) {
        err << written.error().message << '\n';
        return kExitFailed;
    }
    (isToOutput ? err : out) << fmt::format(
        "{}: {}x{}, quality {}, {} bytes, from {}{}{}\n", outputPath, picture->width, picture->height, picture->quality,
        picture->jpeg.size(), picture->camera, picture->reduced.empty() ? "" : " (" + picture->reduced + ")",
        picture->isSettled ? "" : "; exposure, white balance or focus had not settled");
    return 0;
}

}  // namespace edge
