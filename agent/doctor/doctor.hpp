// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "doctor/machine.hpp"

namespace edge {

/// From good to what keeps the agent from its work.
enum class Severity { kFine, kNote, kWarning, kError };

/// One thing that a check has found out.
struct Finding {
    Severity severity = Severity::kFine;
    std::string check;     ///< "broker", "camera", …
    std::string text;      ///< what is the case, and where: topic, device, file
    std::string remedy{};  ///< what to do; "" where there is nothing to do, or the text says it
};
using Findings = std::vector<Finding>;

void append(Findings& all, Findings more);

/// The name of the check of the configuration, which has an exit code of its own.
inline constexpr const char* kConfigurationCheck = "configuration";

enum class ReportStyle {
    kText,      ///< words, for pipes and files
    kTerminal,  ///< symbols and colours
    kJson,      ///< one object
};

/// kTerminal where standard output is one that can show it ($NO_COLOR and $TERM are respected), else kText.
ReportStyle styleOfStandardOutput();

void printReport(const Findings& findings, ReportStyle style, std::ostream& out);

/// 0 = nothing worse than a note, 3 = warnings, 1 = errors, 78 = the configuration is wrong.
int exitCodeOf(const Findings& findings);

/// `pi-edge-agent doctor`: checks everything that goes wrong in the field and prints what it finds, with what to do.
/// Works with and without a running agent, in whose log, journal and counters it leaves no trace. To try the broker's
/// access list it publishes what the agent would: one real reading of each sensor and one real picture. Ends within
/// three minutes and camera.timeout, whatever hangs. Returns the exit code (exitCodeOf).
int runDoctor(const std::string& configPath, ReportStyle style, std::ostream& out);

/// `pi-edge-agent sensors`: what the kernel of this machine offers to read right now, with its value and the
/// [[sensor]] block to paste; then what keeps others from being seen. Text is valid TOML. Returns 0.
int listSensors(const Machine& machine, bool isJson, std::ostream& out);

}  // namespace edge
