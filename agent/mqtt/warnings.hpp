// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "mqtt/settings.hpp"

namespace edge {

/// What works and is not wise about the way to the broker, one sentence each, none twice: for the log at start,
/// check-config and health.
[[nodiscard]] std::vector<std::string> connectionWarnings(const MqttConfig& config);

/// "localhost", 127.0.0.0/8 and ::1: the broker is on this machine.
[[nodiscard]] bool isLoopback(const std::string& host);

}  // namespace edge
