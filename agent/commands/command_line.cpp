// SPDX-License-Identifier: MIT
#include "commands/command_line.hpp"

#include <cstdint>
#include <memory>
#include <ostream>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/exit_codes.hpp"
#include "core/suggest.hpp"
#include "core/text.hpp"
#include "core/time/time.hpp"

namespace edge {
namespace {

/// CLI11 alone takes "-5" for a very large number. SQLite counts rows in 63 bits.
CLI::Validator rowCount() {
    return {[](const std::string& text) {
                if (parseNumber<std::int64_t>(text).value_or(0) > 0) return std::string();
                return fmt::format("\"{}\" is not a number of rows; give a whole number from 1, like 20",
                                   printable(text));
            },
            ""};
}

CLI::Validator notEmpty() {
    return {[](const std::string& text) { return text.empty() ? std::string("is empty") : std::string(); }, ""};
}

CLI::Validator duration() {
    return {[](const std::string& text) {
                if (parseDuration(text).value_or(milliseconds{0}).count() > 0) return std::string();
                return fmt::format("\"{}\" is not a duration; give a number with a unit, like 30s or 5m",
                                   printable(text));
            },
            ""};
}

/// A device.id is a level of topics.
CLI::Validator deviceId() {
    return {[](const std::string& text) {
                if (!text.empty() && isWord(text, "_-")) return std::string();
                return fmt::format("\"{}\" is not a device.id; allowed: letters, digits, '_' and '-'", printable(text));
            },
            ""};
}

/// The subcommands and options; parsing fills `line`. docs/man has the manual page and the completion for them.
std::unique_ptr<CLI::App> makeApp(CommandLine& line) {
    auto app = std::make_unique<CLI::App>("Camera and sensor edge agent for the Raspberry Pi, over MQTT");
    app->set_version_flag("--version", std::string("pi-edge-agent ") + kVersion, "Print the version");
    app->set_help_flag("-h,--help", "Print this help; after a command, that of the command");
    app->require_subcommand(1);
    app->footer(
        "Exit codes: 0 done; 1 failed; 2 wrong usage; 3 doctor has warnings; 78 the configuration is wrong (FILE:LINE: "
        "key: what is allowed).");
    const auto add = [&](const char* name, const char* description) {
        CLI::App* command = app->add_subcommand(name, description);
        command->set_help_flag("-h,--help", "Print this help");
        command->callback([&line, name] { line.command = name; });
        return command;
    };
    const auto addFile = [](CLI::App* command, const char* names, std::string& into, const char* description) {
        return command->add_option(names, into, description)->type_name("FILE")->check(notEmpty());
    };
    const auto addConfig = [&](CLI::App* command, const char* names = "-c,--config") {
        addFile(command, names, line.config, "The configuration file")->capture_default_str();
    };

    addConfig(add("run", "Connect to the broker and serve until stopped. SIGHUP reads the configuration again."));

    CLI::App* check = add("check-config", "Check a configuration file; prints one line for each error");
    addConfig(check, "file,-c,--config");
    check->add_flag("--show", line.show, "Print every setting with the file and line that sets it");

    addConfig(add("print-id", "Print the device's id, which is its MQTT client id and part of its topics"));

    CLI::App* doctor = add("doctor",
                           "Check everything that commonly fails, and print what to do. Publishes one real reading of "
                           "each sensor and one real picture, to test the broker's access control list.");
    addConfig(doctor);
    doctor->add_flag("--json", line.json, "One JSON object, for machines");

    CLI::App* capture = add("capture", "Take a picture with the configured camera, without a broker");
    addConfig(capture);
    addFile(capture, "-o,--output", line.output, "Where to write the JPEG; - is standard output")->required();

    add("sensors", "List every sensor that this machine offers now, with the block of configuration to paste")
        ->add_flag("--json", line.json, "One JSON object, for machines");

    const auto addDevice = [](CLI::App* command, std::string& into) {
        command->add_option("--id", into, "The device.id of another agent at the same broker")
            ->type_name("ID")
            ->check(deviceId());
    };
    CLI::App* status = add("status", "Show how the agent is, as the broker knows it. Exit 0 if it is online, else 1.");
    addConfig(status);
    addDevice(status, line.device);
    status->add_flag("--json", line.json, "One JSON object, for machines");

    CLI::App* request = add("request",
                            "Send a command to the agent through the broker, and wait for its reply: request start, "
                            "request capture width=640 -o garden.jpg. docs/mqtt.md has the commands.");
    request->add_option("command", line.request.command, "start, stop, capture or another one of docs/mqtt.md")
        ->type_name("COMMAND")
        ->required()
        ->check(notEmpty());
    request
        ->add_option("option", line.request.options,
                     "An option of the command; a value that is not JSON is sent as text")
        ->type_name("OPTION=VALUE");
    addConfig(request);
    addDevice(request, line.request.device);
    addFile(request, "-o,--output", line.request.output,
            "Where to save the picture of capture or fetch; - is standard output. With count: FILE-1.jpg and so on.");
    request
        ->add_option_function<std::string>(
            "--timeout", [&line](const std::string& text) { line.request.timeout = parseDuration(text); },
            "How long to wait for the reply, instead of what the command may take and 10s")
        ->type_name("DURATION")
        ->check(duration());
    request->add_flag("--json", line.request.json, "The reply as it came, for machines");

    CLI::App* journal = add("journal", "Show the journal: commands, readings, pictures and events");
    addConfig(journal);
    journal->add_option("--kind", line.journal.kind, "Only rows of one kind: command, reading, capture or event")
        ->type_name("KIND");
    journal
        ->add_option("--since", line.journal.since,
                     "Only rows since a time (2026-11-20, \"2026-11-20 09:30\", 2026-11-20T09:30:00Z) or of the last "
                     "30m, 2h, 7d")
        ->type_name("TIME");
    journal->add_option("--last", line.journal.last, "Only the last N rows")->type_name("N")->check(rowCount());
    journal->add_flag("--json", line.journal.json, "One JSON object a line, for machines");
    journal->add_flag("--follow", line.journal.follow, "Keep printing new rows as they are written");
    return app;
}

std::vector<std::string> optionsOf(const CLI::App& command) {
    std::vector<std::string> names;
    for (const CLI::Option* option : command.get_options()) {
        for (const std::string& name : option->get_snames()) names.push_back("-" + name);
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
    return names;
}

std::vector<std::string> commandsOf(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
    return names;
}

/// The message for an unknown command or option; "" if the error is another one.
std::string unknownWord(const CLI::App& app) {
    const std::vector<std::string> rest = app.remaining(true);
    if (rest.empty()) return "";
    const std::string typed = rest.front().substr(0, rest.front().find('='));
    const bool isOption = typed.starts_with('-');
    const std::vector<CLI::App*> given = app.get_subcommands();
    if (!isOption && !given.empty()) return "";
    const std::vector<std::string> known = isOption ? optionsOf(given.empty() ? app : *given.front()) : commandsOf(app);
    const std::string meant = nearest(typed, known);
    return fmt::format(
        "unknown {} {}; {}", isOption ? "option" : "command", printable(typed),
        meant.empty() ? fmt::format("allowed: {}", fmt::join(known, ", ")) : fmt::format("did you mean {}?", meant));
}

}  // namespace

std::optional<CommandLine> parseCommandLine(int argc, const char* const* argv, std::ostream& out, std::ostream& err,
                                            int& exitCode) {
    CommandLine line;
    const auto app = makeApp(line);
    try {
        app->parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        // CLI11 has an exit code for every kind of error; ours has one for all.
        exitCode = error.get_exit_code() == 0 ? 0 : kExitUsage;
        const std::string unknown = exitCode == 0 ? "" : unknownWord(*app);
        if (unknown.empty()) {
            app->exit(error, out, err);
        } else {
            err << unknown << '\n';
        }
        return std::nullopt;
    }
    return line;
}

}  // namespace edge
