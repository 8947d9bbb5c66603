// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "core/system/board.hpp"
#include "doctor/checks/checks.hpp"

namespace edge {
namespace {

constexpr const char* kPower = "power";
constexpr const char* kGpio = "gpio";

/// Bits of the firmware's "get_throttled" (throttledBits()): now, and 16 bits higher a moment ago.
struct Flag {
    unsigned bit;
    const char* text;
    const char* remedy;
};
constexpr const char* kSupply = "use a supply and a cable made for this Pi; a camera and a USB device need their share";
constexpr const char* kCooling = "give it air, a heat sink or a fan";
constexpr std::array<Flag, 4> kFlags{{{0, "the supply's voltage is too low", kSupply},
                                      {1, "the processor's clock is capped", kSupply},
                                      {2, "the processor is throttled", kCooling},
                                      {3, "the temperature is too high", kCooling}}};
constexpr unsigned kBefore = 16;

Finding checkLine(GpioPort& port, const char* direction, const std::string& name, const std::string& chip,
                  const GpioLine& line) {
    const Result<GpioLineUse> use = port.lookUp(chip, line);
    const std::string who = fmt::format("{} {}", direction, name);
    if (!use) return {Severity::kError, kGpio, fmt::format("{}: {}", who, use.error().message)};
    if (!use->isUsed) return {Severity::kFine, kGpio, fmt::format("{}: {} is free", who, use->place)};
    if (use->consumer == "pi-edge-agent:" + name)
        return {Severity::kFine, kGpio, fmt::format("{}: {}, in use by the agent", who, use->place)};
    return {Severity::kError, kGpio,
            fmt::format("{}: {} is in use by {}", who, use->place, quotedConsumer(use->consumer)),
            "stop that, or configure another line; gpioinfo lists them all"};
}

}  // namespace

Findings checkClock(const Config& config, ClockState state) {
    if (state == ClockState::kSynchronised) return {{Severity::kFine, "clock", "synchronised"}};
    const bool needsTime = std::ranges::any_of(config.mqtt.servers, usesTls, &ServerAddress::scheme);
    return {{Severity::kWarning, "clock",
             std::string("not synchronised: times of readings may be wrong") +
                 (needsTime ? ", and certificates may seem not to be valid yet" : ""),
             "see: timedatectl; check that the network allows NTP (UDP port 123)"}};
}

Findings checkPower(const Machine& machine) {
    const auto flags = throttledBits(machine.path(""));
    if (!flags) return {};
    Findings findings;
    for (const Flag& flag : kFlags) {
        const bool isNow = (*flags >> flag.bit & 1U) != 0;
        const bool wasBefore = (*flags >> (flag.bit + kBefore) & 1U) != 0;
        if (isNow) {
            findings.push_back({Severity::kError, kPower, fmt::format("{}, now", flag.text), flag.remedy});
        } else if (wasBefore) {
            findings.push_back(
                {Severity::kWarning, kPower, fmt::format("{}: not now, but a moment ago", flag.text), flag.remedy});
        }
    }
    if (findings.empty()) findings.push_back({Severity::kFine, kPower, "voltage and temperature are good"});
    return findings;
}

Findings checkGpio(const Config& config, GpioPort& port) {
    Findings findings;
    for (const GpioInputConfig& input : config.gpio.inputs)
        findings.push_back(checkLine(port, "input", input.name, input.chip, input.line));
    for (const GpioOutputConfig& output : config.gpio.outputs)
        findings.push_back(checkLine(port, "output", output.name, output.chip, output.line));
    return findings;
}

}  // namespace edge
