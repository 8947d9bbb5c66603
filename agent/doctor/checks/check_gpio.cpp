// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include "doctor/checks/checks.hpp"

namespace edge {
namespace {

constexpr const char* kCheck = "gpio";

Finding checkLine(GpioPort& port, const char* direction, const std::string& name, const std::string& chip,
                  const GpioLine& line) {
    const Result<GpioLineUse> use = port.lookUp(chip, line);
    const std::string who = fmt::format("{} {}", direction, name);
    if (!use) return {Severity::kError, kCheck, fmt::format("{}: {}", who, use.error().message)};
    if (!use->isUsed) return {Severity::kFine, kCheck, fmt::format("{}: {} is free", who, use->place)};
    if (use->consumer == "pi-edge-agent:" + name)
        return {Severity::kFine, kCheck, fmt::format("{}: {}, in use by the agent", who, use->place)};
    return {Severity::kError, kCheck,
            fmt::format("{}: {} is in use by {}", who, use->place, quotedConsumer(use->consumer)),
            "stop that, or configure another line; gpioinfo lists them all"};
}

}  // namespace

Findings checkGpio(const Config& config, GpioPort& port) {
    Findings findings;
    for (const GpioInputConfig& input : config.gpio.inputs)
        findings.push_back(checkLine(port, "input", input.name, input.chip, input.line));
    for (const GpioOutputConfig& output : config.gpio.outputs)
        findings.push_back(checkLine(port, "output", output.name, output.chip, output.line));
    return findings;
}

}  // namespace edge
