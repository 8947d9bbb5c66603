// SPDX-License-Identifier: MIT
#include "commands/commands.hpp"

#include <unistd.h>

#include <ostream>

#include <fmt/core.h>

#include "camera/client/client.hpp"
#include "config/load.hpp"
#include "core/exit_codes.hpp"
#include "core/system/files.hpp"
#include "core/system/identity.hpp"
#include "core/system/log.hpp"
#include "core/system/standard_streams.hpp"
#include "core/text.hpp"
#include "mqtt/settings.hpp"
#include "services/schedule/schedule_service.hpp"
#include "services/settings/settings_service.hpp"

namespace edge {

int checkConfig(const std::string& configPath, bool show, std::ostream& out, std::ostream& err) {
    std::string unread;
    const Config config = effectiveConfig(readConfig(configPath), readIdentity(), unread);
    checkScheduleOptions(config);
    const auto check = [&err](const auto& part) {
        try {
            part();
        } catch (const SecretUnreadable& error) {
            err << "warning: " << error.what() << "\nwarning: " << error.remedy() << '\n';
        }
    };
    check([&config] { checkTlsFiles(config); });
    check([&config] { (void)loadPassword(config); });
    for (const std::string& warning : configurationWarnings(config)) err << "warning: " << warning << '\n';
    for (const std::string& warning : connectionWarnings(config.mqtt))
        err << configPath << ": warning: " << warning << '\n';
    if (!unread.empty()) err << "note: " << unread << '\n';
    if (show) {
        out << showConfig(configPath, readIdentity(), changedSettings(config));
        return 0;
    }
    out << filesOf(config) << ": fine. Device " << config.device.id << ", " << config.sensors.size()
        << " sensors, broker " << toString(config.mqtt.servers.front()) << '\n';
    for (const std::string& line : describeOverrides(config)) out << printable(line) << '\n';
    return 0;
}

int printId(const std::string& configPath, std::ostream& out) {
    out << loadConfig(configPath, readIdentity()).device.id << '\n';
    return 0;
}

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

int printJournal(const std::string& configPath, JournalCommandOptions options, std::ostream& out, std::ostream& err) {
    options.header = ::isatty(STDOUT_FILENO) == 1;
    // Wrong usage is reported whatever the configuration.
    if (validateJournalOptions(options).empty()) options.path = loadConfig(configPath, readIdentity()).journal.path;
    return runJournalCommand(options, out, err);
}

}  // namespace edge
