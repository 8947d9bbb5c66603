// SPDX-License-Identifier: MIT
#include "config/warnings.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "config/schema/checks.hpp"

namespace edge {

std::string drawnName(const DeviceConfig& device) {
    const bool isAscii = std::all_of(device.name.begin(), device.name.end(),
                                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    return isAscii ? device.name : device.id;
}

std::vector<std::string> configurationWarnings(const Config& config) {
    std::vector<std::string> warnings;
    if (config.image.timestamp && drawnName(config.device) != config.device.name) {
        warnings.push_back(
            fmt::format("{}:{}: device.name: image.timestamp draws device.id, \"{}\", in its place: only ASCII "
                        "characters can be drawn; use an ASCII name to have the name in pictures",
                        config.file, lineOf(config, "device.name"), config.device.id));
    }
    return warnings;
}

}  // namespace edge
