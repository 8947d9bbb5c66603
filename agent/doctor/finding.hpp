// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace edge {

/// From what is well to what keeps the agent from its work.
enum class Severity { kFine, kNote, kWarning, kError };

/// "fine", "note", "warning", "error".
std::string toString(Severity severity);

/// One thing that a check has found out.
struct Finding {
    Severity severity = Severity::kFine;
    std::string check;   ///< "broker", "camera", …
    std::string text;    ///< what is the case, and where: topic, device, file
    std::string remedy;  ///< what to do; "" where there is nothing to do, or the text says it
};
using Findings = std::vector<Finding>;

void append(Findings& all, Findings more);

}  // namespace edge
