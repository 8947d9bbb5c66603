// SPDX-License-Identifier: MIT
#include "commands/command_line.hpp"

#include <charconv>
#include <cstdint>
#include <limits>
#include <memory>
#include <ostream>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/suggest.hpp"
#include "core/text.hpp"
#include "core/version.hpp"

namespace edge {
namespace {

constexpr int kExitUsage = 2;
constexpr const char* kName = "pi-edge-agent";

constexpr std::uint64_t kMostRows = std::numeric_limits<std::int64_t>::max();  // SQLite's

/// CLI11 alone takes "-5" for a very large number.
CLI::Validator wholeNumber() {
    return {[](const std::string& text) {
                std::uint64_t number = 0;
                const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
                const bool isGood = error == std::errc{} && end == text.data() + text.size();
                if (isGood && number > 0 && number <= kMostRows) return std::string();
                return fmt::format("\"{}\" is not a number of rows; give a whole number from 1, like 20",
                                   printable(text));
            },
            ""};
}

CLI::Validator notEmpty() {
    return {[](const std::string& text) { return text.empty() ? std::string("is empty; give a file") : std::string(); },
            ""};
}

/// The one description of the command line; `line` is filled while it is parsed.
std::unique_ptr<CLI::App> makeApp(CommandLine& line) {
    auto app = std::make_unique<CLI::App>("Camera and sensor edge agent for the Raspberry Pi, over MQTT");
    app->set_version_flag("--version", std::string(kName) + ' ' + kVersion, "Print the version");
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
    const auto addConfig = [&](CLI::App* command) {
        command->add_option("-c,--config", line.config, "The configuration file")
            ->capture_default_str()
            ->type_name("FILE")
            ->check(notEmpty());
    };

    addConfig(add("run", "Connect to the broker and serve until stopped. SIGHUP reads the configuration again."));

    CLI::App* check = add("check-config", "Say whether a configuration file can be used; one line for each mistake");
    check->add_option("file,-c,--config", line.config, "The configuration file")
        ->capture_default_str()
        ->type_name("FILE")
        ->check(notEmpty());

    CLI::App* doctor = add("doctor",
                           "Look at everything that goes wrong in the field, and say what to do. Publishes one real "
                           "reading of each sensor and one real picture, to try the broker's access list.");
    addConfig(doctor);
    doctor->add_flag("--json", line.json, "One JSON object, for machines");

    CLI::App* capture = add("capture", "Take a picture with the configured camera, without a broker");
    addConfig(capture);
    capture->add_option("-o,--output", line.capture.outputPath, "Where to write the JPEG; - is standard output")
        ->required()
        ->type_name("FILE")
        ->check(notEmpty());

    CLI::App* journal = add("journal", "Show what the agent has kept: commands, readings, pictures and events");
    addConfig(journal);
    journal->add_option("--kind", line.journal.kind, "Only rows of one kind: command, reading, capture or event")
        ->type_name("KIND");
    journal
        ->add_option("--since", line.journal.since,
                     "Only rows since a time (2026-11-20, \"2026-11-20 09:30\", 2026-11-20T09:30:00Z) or for so long "
                     "(30m, 2h, 7d)")
        ->type_name("TIME");
    journal->add_option("--last", line.journal.last, "Only the last N rows")->type_name("N")->check(wholeNumber());
    journal->add_flag("--json", line.journal.json, "One JSON object a line, for machines");
    journal->add_flag("--follow", line.journal.follow, "Go on with what is written from now on");
    return app;
}

// ---- the manual page

/// mdoc takes '.' and '\'' at the beginning of a line and '\\' anywhere for its own.
std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) result += c == '\\' ? std::string("\\e") : std::string(1, c);
    return result.starts_with('.') || result.starts_with('\'') ? "\\&" + result : result;
}

std::string flagsOf(const CLI::Option& option) {
    std::string flags;
    for (const std::string& name : option.get_snames())
        flags += fmt::format("{} Fl {}", flags.empty() ? "" : " ,", name);
    for (const std::string& name : option.get_lnames())
        flags += fmt::format("{} Fl -{}", flags.empty() ? "" : " ,", name);
    if (option.get_items_expected_max() > 0) flags += " Ar " + option.get_type_name();
    return flags;
}

bool isHelp(const CLI::Option& option) {
    return option.check_lname("help");
}

std::string synopsisOf(const CLI::App& command) {
    std::string text = fmt::format(".Nm\n.Cm {}\n", command.get_name());
    for (const CLI::Option* option : command.get_options()) {
        if (isHelp(*option)) continue;
        if (option->get_positional()) {
            text += fmt::format(".Op Ar {}\n", option->get_type_name());
        } else {
            text += fmt::format(".{}{}\n", option->get_required() ? "" : "Op",
                                option->get_required() ? flagsOf(*option).substr(1) : flagsOf(*option));
        }
    }
    return text;
}

std::string descriptionOf(const CLI::App& command) {
    std::string text = fmt::format(".It Cm {}\n{}\n", command.get_name(), escaped(command.get_description()));
    std::string options;
    for (const CLI::Option* option : command.get_options()) {
        if (!isHelp(*option))
            options += fmt::format(".It{}\n{}\n", flagsOf(*option), escaped(option->get_description()));
    }
    return text + (options.empty() ? "" : ".Bl -tag -width Ds\n" + options + ".El\n");
}

constexpr const char* kManualEnd = R"(.Sh FILES
.Bl -tag -width Ds
.It Pa /etc/pi-edge-agent/agent.toml
The configuration.
Every key is in it, commented, with its default.
.It Pa /var/lib/pi-edge-agent/journal.db
The journal, an SQLite database.
Reading it takes root, or membership of the group
.Sy pi-edge-agent .
.It Pa /run/pi-edge-agent/camera.sock
Where the service asks for pictures.
.It Pa /usr/share/doc/pi-edge-agent/
The MQTT topics and messages, sensors, cameras, GPIO, installing.
.El
.Sh EXIT STATUS
.Bl -tag -width Ds
.It 0
Done; for
.Cm doctor :
nothing is wrong.
.It 1
Failed; the last line says why and what to do.
.It 2
Wrong usage.
.It 3
.Cm doctor
has warnings, and no errors.
.It 78
The configuration is wrong; each mistake is one line,
.Ql file:line: key: what is allowed .
systemd does not start the service again.
.El
.Sh EXAMPLES
Does everything work, and what is to be done where it does not?
.Bd -literal -offset indent
sudo pi-edge-agent doctor
.Ed
.Pp
A picture without a broker:
.Bd -literal -offset indent
sudo pi-edge-agent capture -o picture.jpg
.Ed
.Pp
What was commanded in the last two hours, and how it ended:
.Bd -literal -offset indent
pi-edge-agent journal --kind command --since 2h
.Ed
.Sh SEE ALSO
.Xr mosquitto_pub 1 ,
.Xr mosquitto_sub 1 ,
.Xr journalctl 1
)";

// ---- the completion

std::string wordsOf(const CLI::App& command) {
    std::string words;
    for (const CLI::Option* option : command.get_options()) {
        for (const std::string& name : option->get_snames()) words += " -" + name;
        for (const std::string& name : option->get_lnames()) words += " --" + name;
    }
    return words.substr(1);
}

// ---- wrong usage

std::vector<std::string> optionsOf(const CLI::App& command) {
    std::vector<std::string> names;
    for (const CLI::Option* option : command.get_options()) {
        for (const std::string& name : option->get_snames()) names.push_back("-" + name);
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
    return names;
}

/// What is misspelt, and what was probably meant; "" where the mistake is another one.
std::string correctionOf(const CLI::App& app) {
    const std::vector<std::string> rest = app.remaining(true);
    if (rest.empty()) return "";
    const std::string typed = rest.front().substr(0, rest.front().find('='));
    const bool isOption = typed.starts_with('-');
    const std::vector<CLI::App*> given = app.get_subcommands();
    if (!isOption && !given.empty()) return "";
    std::vector<std::string> known;
    if (isOption) known = optionsOf(given.empty() ? app : *given.front());
    if (!isOption) {
        for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
            known.push_back(command->get_name());
    }
    const std::string meant = nearest(typed, known);
    return fmt::format(
        "there is no {} {}; {}", isOption ? "option" : "command", printable(typed),
        meant.empty() ? fmt::format("there are {}", fmt::join(known, ", ")) : fmt::format("did you mean {}?", meant));
}

}  // namespace

std::optional<CommandLine> parseCommandLine(int argc, const char* const* argv, std::ostream& out, std::ostream& err,
                                            int& exitCode) {
    CommandLine line;
    const auto app = makeApp(line);
    try {
        app->parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        // CLI11 has an exit code of its own for every mistake; ours has one.
        exitCode = error.get_exit_code() == 0 ? 0 : kExitUsage;
        const std::string meant = exitCode == 0 ? "" : correctionOf(*app);
        if (meant.empty()) {
            app->exit(error, out, err);
        } else {
            err << meant << '\n';
        }
        return std::nullopt;
    }
    line.capture.configPath = line.config;
    return line;
}

std::string manualPage() {
    CommandLine line;
    const auto app = makeApp(line);
    std::string synopsis;
    std::string commands;
    for (const CLI::App* command : app->get_subcommands([](const CLI::App*) { return true; })) {
        synopsis += synopsisOf(*command);
        commands += descriptionOf(*command);
    }
    return fmt::format(R"(.\" SPDX-License-Identifier: MIT
.\" Made by build/dev/bin/edge_manual of agent/commands/command_line.cpp.
.Dd November 21, 2026
.Dt PI-EDGE-AGENT 1
.Os
.Sh NAME
.Nm {0}
.Nd camera and sensor edge agent for the Raspberry Pi, over MQTT
.Sh SYNOPSIS
{1}.Nm
.Fl -help | Fl -version
.Sh DESCRIPTION
.Nm
publishes temperature readings and pictures to an MQTT broker, answers commands, and drives GPIO lines.
It is run by
.Xr systemd 1
as the service
.Pa pi-edge-agent.service .
Pictures are taken by a program of their own, which the package
.Sy pi-edge-camera
brings.
.Bl -tag -width Ds
{2}.El
{3})",
                       kName, synopsis, commands, kManualEnd);
}

std::string bashCompletion() {
    CommandLine line;
    const auto app = makeApp(line);
    std::string names;
    std::string cases;
    for (const CLI::App* command : app->get_subcommands([](const CLI::App*) { return true; })) {
        names += command->get_name() + ' ';
        cases += fmt::format("        {}) words=\"{}\" ;;\n", command->get_name(), wordsOf(*command));
    }
    return fmt::format(R"(# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Made by build/dev/bin/edge_manual of agent/commands/command_line.cpp.
_pi_edge_agent() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} words=
    case $before in
        -c | --config | -o | --output) mapfile -t COMPREPLY < <(compgen -f -- "$current") && return ;;
        --kind) words="command reading capture event" ;;
        --since) words="30m 2h 7d" ;;
        --last) return ;;
        check-config) [[ $current == -* ]] || {{ mapfile -t COMPREPLY < <(compgen -f -- "$current") && return; }} ;;
    esac
    [[ -n $words ]] || case ${{COMP_WORDS[1]}} in
{}        *) ((COMP_CWORD > 1)) || words="{}{}" ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -F _pi_edge_agent -o filenames {}
)",
                       cases, names, wordsOf(*app), kName);
}

}  // namespace edge
