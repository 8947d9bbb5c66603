// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>

#include "doctor/finding.hpp"

namespace edge {

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

/// The name of the check of the configuration, which has an exit code of its own.
inline constexpr const char* kConfigurationCheck = "configuration";

}  // namespace edge
