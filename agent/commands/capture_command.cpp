// SPDX-License-Identifier: MIT
#include <sys/stat.h>
#include <unistd.h>

#include <ostream>

#include <fmt/core.h>

#include "camera/client/client.hpp"
#include "commands/commands.hpp"
#include "config/load.hpp"
#include "core/system/files.hpp"
#include "core/system/identity.hpp"
#include "core/system/log.hpp"

namespace edge {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

/// "-", or another name for it, such as /dev/stdout.
bool isStandardOutput(const std::string& path) {
    struct stat file {};
    struct stat output {};
    if (path == "-") return true;
    return ::stat(path.c_str(), &file) == 0 && ::fstat(STDOUT_FILENO, &output) == 0 && file.st_dev == output.st_dev &&
           file.st_ino == output.st_ino;
}

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
    (isToOutput ? err : out) << fmt::format("{}: {}x{}, quality {}, {} bytes, from {}{}\n", outputPath, picture->width,
                                            picture->height, picture->quality, picture->jpeg.size(), picture->camera,
                                            picture->reduced.empty() ? "" : " (" + picture->reduced + ")");
    return 0;
}

}  // namespace edge
