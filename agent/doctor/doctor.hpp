// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>
#include <string>

#include "doctor/report.hpp"

namespace edge {

/// `pi-edge-agent doctor`: looks at everything that goes wrong in the field and prints what it finds, with what to do.
/// Beside a running agent, in whose log, journal and counters it leaves no trace, and without one. To try the broker's
/// access list it publishes what the agent would: one real reading of each sensor and one real picture. Ends within
/// three minutes and camera.timeout, whatever hangs. Returns the exit code (exitCodeOf).
int runDoctor(const std::string& configPath, ReportStyle style, std::ostream& out);

}  // namespace edge
