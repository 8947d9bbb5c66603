// SPDX-License-Identifier: MIT
#include <algorithm>

#include "doctor/checks/checks.hpp"

namespace edge {

Findings checkClock(const Config& config, ClockState state) {
    if (state == ClockState::kSynchronised) return {{Severity::kFine, "clock", "synchronised"}};
    const bool needsTime = std::any_of(
        config.mqtt.servers.begin(), config.mqtt.servers.end(),
        [](const ServerAddress& server) { return server.scheme == Scheme::kMqtts || server.scheme == Scheme::kWss; });
    return {{Severity::kWarning, "clock",
             std::string("not synchronised: times of readings may be wrong") +
                 (needsTime ? ", and certificates may seem not to be valid yet" : ""),
             "see: timedatectl; check that the network allows NTP (UDP port 123)"}};
}

}  // namespace edge
