// SPDX-License-Identifier: MIT
#include <signal.h>

#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include "capture_command.hpp"
#include "check_config.hpp"
#include "config/load.hpp"
#include "core/asio_loop.hpp"
#include "core/version.hpp"
#include "journal/command.hpp"
#include "journal_command.hpp"
#include "mqtt/proxy_environment.hpp"
#include "run_command.hpp"

namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr const char* kDefaultConfig = "/etc/pi-edge-agent/agent.toml";

/// CLI11 has an exit code of its own for every mistake; ours has one.
int parseFailed(const CLI::App& app, const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
}

void addJournalOptions(CLI::App& command, edge::JournalCommandOptions& options) {
    command.add_option("--kind", options.kind, "only rows of one kind: command, reading, capture or event");
    command.add_option("--since", options.since,
                       "only rows since a time (2026-11-20T09:30:00Z) or for so long (30m, 2h, 7d)");
    command.add_option("--last", options.last, "only the last N rows");
    command.add_flag("--json", options.json, "one JSON object a line");
    command.add_flag("--follow", options.follow, "go on with what is written from now on");
}

}  // namespace

int main(int argc, char** argv) {
    // Before any library starts a thread that would inherit other settings.
    edge::blockSignals({SIGINT, SIGTERM, SIGHUP});
    ::signal(SIGPIPE, SIG_IGN);
    edge::neutraliseProxyEnvironment();

    CLI::App app{"Camera and sensor edge agent for the Raspberry Pi, over MQTT"};
    app.set_version_flag("--version", std::string("pi-edge-agent ") + edge::kVersion);
    app.require_subcommand(1);
    app.footer(
        "Exit codes: 0 done; 1 failed; 2 wrong usage; 78 the configuration is wrong (FILE:LINE: key: what is "
        "allowed).");

    std::string config = kDefaultConfig;
    const auto addConfig = [&](CLI::App* command) {
        command->add_option("-c,--config", config, "configuration file")->capture_default_str();
    };
    int code = 0;

    CLI::App* run = app.add_subcommand("run", "connect to the broker and serve until stopped");
    addConfig(run);
    run->callback([&] { code = edge::runAgent(config); });

    CLI::App* check = app.add_subcommand("check-config", "say whether a configuration file can be used");
    check->add_option("file,-c,--config", config, "configuration file")->capture_default_str();
    check->callback([&] { code = edge::checkConfig(config, std::cout, std::cerr); });

    edge::CaptureCommandOptions captureOptions;
    CLI::App* capture = app.add_subcommand("capture", "take a picture without a broker");
    addConfig(capture);
    capture->add_option("-o,--output", captureOptions.outputPath, "where to write the JPEG")->required();
    capture->callback([&] {
        captureOptions.configPath = config;
        code = edge::runCaptureCommand(captureOptions, std::cout, std::cerr);
    });

    CLI::App* journal =
        app.add_subcommand("journal", "show what the agent has kept: commands, readings, pictures, events");
    addConfig(journal);
    edge::JournalCommandOptions journalOptions;
    addJournalOptions(*journal, journalOptions);
    journal->callback([&] { code = edge::runJournal(config, journalOptions, std::cout, std::cerr); });

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return parseFailed(app, error);
    } catch (const edge::ConfigError& error) {
        std::cerr << error.what() << '\n';
        return edge::kExitConfig;
    } catch (const std::exception& error) {
        std::cerr << "pi-edge-agent: " << error.what() << '\n';
        return kExitFailed;
    }
    return code;
}
