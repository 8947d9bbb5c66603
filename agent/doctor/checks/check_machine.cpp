// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "core/system/board.hpp"
#include "doctor/checks/checks.hpp"

namespace edge {
namespace {

constexpr const char* kCheck = "power";

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
            findings.push_back({Severity::kError, kCheck, fmt::format("{}, now", flag.text), flag.remedy});
        } else if (wasBefore) {
            findings.push_back(
                {Severity::kWarning, kCheck, fmt::format("{}: not now, but a moment ago", flag.text), flag.remedy});
        }
    }
    if (findings.empty()) findings.push_back({Severity::kFine, kCheck, "voltage and temperature are good"});
    return findings;
}

}  // namespace edge
