// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"

namespace edge {

/// What image.timestamp draws: the device's name, or its id where the name is not ASCII, as there is no font for it.
[[nodiscard]] std::string drawnName(const DeviceConfig& device);

/// What is allowed, but does something that the author may not expect: "FILE:LINE: KEY: …".
[[nodiscard]] std::vector<std::string> configurationWarnings(const Config& config);

}  // namespace edge
