// SPDX-License-Identifier: MIT
#include "capture_command.hpp"

#include <signal.h>

#include <ostream>

#include <fmt/core.h>

#include "camera/client.hpp"
#include "config/load.hpp"
#include "core/asio_loop.hpp"
#include "core/files.hpp"
#include "core/identity.hpp"

namespace edge {
namespace {

Result<Picture> takeOne(const Config& config) {
    AsioLoop loop;
    CameraClient camera(loop, config);
    Result<Picture> result = fail(Errc::kCancelled, "interrupted");
    const SignalWatch interrupt(loop, {SIGINT, SIGTERM}, [&](int) { loop.stop(); });
    PictureRequest request;
    request.timeout = config.camera.timeout;
    request.notBefore = bootTimeNow();
    request.maxBytes = static_cast<std::size_t>(config.image.maxBytes);
    camera.capture(request, [&](Result<Picture> picture) {
        result = std::move(picture);
        loop.stop();
    });
    loop.run();
    return result;
}

}  // namespace

int runCaptureCommand(const CaptureCommandOptions& options, std::ostream& out, std::ostream& err) {
    const Config config = loadConfig(options.configPath, readIdentity());
    const Result<Picture> picture = takeOne(config);
    if (!picture) {
        err << "no picture: " << picture.error().message << '\n';
        return 1;
    }
    if (const auto written = replaceFile(options.outputPath, picture->jpeg); !written) {
        err << written.error().message << '\n';
        return 1;
    }
    out << fmt::format("{}: {}x{}, quality {}, {} bytes, from {}{}\n", options.outputPath, picture->width,
                       picture->height, picture->quality, picture->jpeg.size(), picture->camera,
                       picture->reduced.empty() ? "" : " (" + picture->reduced + ")");
    return 0;
}

}  // namespace edge
