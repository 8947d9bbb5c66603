// SPDX-License-Identifier: MIT
#include <array>
#include <cstdio>
#include <map>
#include <sstream>

#include <fmt/core.h>

#include "config/load.hpp"
#include "doctor/checks/checks.hpp"

namespace edge {
namespace {

constexpr const char* kCheck = "service";

/// What systemctl prints; "" where it fails or hangs.
std::string systemctl(const std::string& arguments) {
    // timeout(1) of coreutils, with a signal that cannot be blocked or ignored: both are inherited.
    FILE* const pipe = ::popen(fmt::format("timeout -s KILL 5 systemctl {} 2>/dev/null", arguments).c_str(), "re");
    if (pipe == nullptr) return "";
    std::string output;
    std::array<char, 4096> buffer{};
    while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe)) output.append(buffer.data(), got);
    return ::pclose(pipe) == 0 ? output : "";
}

/// Properties of a unit, as systemctl prints them; empty where it cannot be asked.
std::map<std::string, std::string> propertiesOf(const std::string& unit) {
    std::map<std::string, std::string> properties;
    std::istringstream lines(
        systemctl("show --property=LoadState,ActiveState,SubState,Result,NRestarts,UnitFileState " + unit));
    for (std::string line; std::getline(lines, line);) {
        const std::size_t equals = line.find('=');
        if (equals != std::string::npos) properties[line.substr(0, equals)] = line.substr(equals + 1);
    }
    return properties;
}

Findings checkUnit(const std::string& unit, bool mayRest) {
    auto properties = propertiesOf(unit);
    if (properties.empty())
        return {{Severity::kNote, kCheck, fmt::format("cannot ask systemd about {}", unit),
                 "see: systemctl status " + unit}};
    if (properties["LoadState"] == "not-found")
        return {{Severity::kNote, kCheck, fmt::format("{} is not installed", unit), "scripts/install does that"}};
    Findings findings;
    const std::string& state = properties["ActiveState"];
    const std::string told = fmt::format("{}: {} ({})", unit, state, properties["SubState"]);
    const std::string logs = "see: journalctl -u " + unit + " -n 20";
    if (state == "active" || (mayRest && state == "inactive")) {
        findings.push_back({Severity::kFine, kCheck, told});
    } else if (state == "inactive") {
        findings.push_back({Severity::kWarning, kCheck, told, "start it: sudo systemctl start " + unit});
    } else {
        findings.push_back({Severity::kError, kCheck, fmt::format("{}, result {}", told, properties["Result"]), logs});
    }
    if (!mayRest && properties["UnitFileState"] == "disabled")
        findings.push_back(
            {Severity::kWarning, kCheck, unit + " does not start at boot", "sudo systemctl enable " + unit});
    if (const std::string& restarts = properties["NRestarts"]; !restarts.empty() && restarts != "0")
        findings.push_back(
            {Severity::kWarning, kCheck, fmt::format("{} was restarted {} times", unit, restarts), logs});
    return findings;
}

}  // namespace

Findings checkService(const Config& config, const Machine& machine) {
    if (!machine.exists("/run/systemd/system")) return {};
    const std::string instance = instanceOf(config.file).value_or("");
    const std::string suffix = instance.empty() ? "" : '@' + instance;
    Findings findings = checkUnit(fmt::format("pi-edge-agent{}.service", suffix), false);
    if (config.camera.socket.empty() || config.camera.backend == CameraBackend::kNone) return findings;
    append(findings, checkUnit(fmt::format("pi-edge-camera{}.socket", suffix), false));
    append(findings, checkUnit(fmt::format("pi-edge-camera{}.service", suffix), true));
    return findings;
}

}  // namespace edge
