// SPDX-License-Identifier: MIT
#include <signal.h>

#include <iostream>
#include <string>

#include "capture_command.hpp"
#include "check_config.hpp"
#include "command_line.hpp"
#include "config/load.hpp"
#include "core/asio_loop.hpp"
#include "doctor/doctor.hpp"
#include "journal_command.hpp"
#include "mqtt/proxy_environment.hpp"
#include "run_command.hpp"

namespace {

constexpr int kExitFailed = 1;

int carryOut(const edge::CommandLine& line) {
    if (line.command == "run") return edge::runAgent(line.config);
    if (line.command == "check-config") return edge::checkConfig(line.config, std::cout, std::cerr);
    if (line.command == "capture") return edge::runCaptureCommand(line.capture, std::cout, std::cerr);
    if (line.command == "journal") return edge::runJournal(line.config, line.journal, std::cout, std::cerr);
    const auto style = line.json ? edge::ReportStyle::kJson : edge::styleOfStandardOutput();
    return edge::runDoctor(line.config, style, std::cout);
}

}  // namespace

int main(int argc, char** argv) {
    // Before any library starts a thread that would inherit other settings.
    edge::blockSignals({SIGINT, SIGTERM, SIGHUP});
    ::signal(SIGPIPE, SIG_IGN);
    edge::neutraliseProxyEnvironment();
    int exitCode = 0;
    const auto line = edge::parseCommandLine(argc, argv, exitCode);
    if (!line) return exitCode;
    try {
        return carryOut(*line);
    } catch (const edge::ConfigError& error) {
        std::cerr << error.what() << '\n';
        return edge::kExitConfig;
    } catch (const std::exception& error) {
        std::cerr << "pi-edge-agent: " << error.what() << '\n';
        return kExitFailed;
    }
}
