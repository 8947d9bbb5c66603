// SPDX-License-Identifier: MIT
#include <signal.h>

#include <iostream>
#include <sstream>
#include <string>

#include "client/client.hpp"
#include "commands/command_line.hpp"
#include "commands/commands.hpp"
#include "config/load.hpp"
#include "core/exit_codes.hpp"
#include "core/system/standard_streams.hpp"
#include "core/text.hpp"
#include "doctor/doctor.hpp"
#include "mqtt/paho/paho_client.hpp"

namespace {

int runCommand(const edge::CommandLine& line, std::ostream& out) {
    if (line.command == "run") return edge::runAgent(line.config);
    if (line.command == "check-config") return edge::checkConfig(line.config, line.show, out, std::cerr);
    if (line.command == "print-id") return edge::printId(line.config, out);
    if (line.command == "capture") return edge::capturePicture(line.config, line.output, out, std::cerr);
    if (line.command == "journal") return edge::printJournal(line.config, line.journal, out, std::cerr);
    if (line.command == "status") return edge::printStatus(line.config, line.device, line.json, out, std::cerr);
    if (line.command == "request") return edge::sendRequest(line.config, line.request, out, std::cerr);
    if (line.command == "sensors") return edge::listSensors(edge::Machine(), line.json, out);
    const auto style = line.json ? edge::ReportStyle::kJson : edge::styleOfStandardOutput();
    return edge::runDoctor(line.config, style, out);
}

int parseAndRun(int argc, char** argv, std::ostream& out) {
    int exitCode = 0;
    std::ostringstream usageError;
    const auto line = edge::parseCommandLine(argc, argv, out, usageError, exitCode);
    if (exitCode != 0) edge::report(edge::trim(usageError.str()));
    if (!line) return exitCode;
    try {
        return runCommand(*line, out);
    } catch (const edge::ConfigError& error) {
        edge::report(error.what());
        return edge::kExitConfig;
    } catch (const std::exception& error) {
        edge::report(std::string("pi-edge-agent: ") + error.what());
        return edge::kExitFailed;
    }
}

}  // namespace

int main(int argc, char** argv) {
    edge::keepStandardStreams();
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGXFSZ, SIG_IGN);
    edge::ignoreProxyEnvironment();
    edge::StandardOutput out;
    const int exitCode = parseAndRun(argc, argv, out);
    const auto written = out.finish();
    if (written) return exitCode;
    edge::report("pi-edge-agent: " + written.error().message);
    return edge::kExitFailed;
}
