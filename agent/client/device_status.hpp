// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/time/time.hpp"

namespace edge {

/// What a broker keeps about a device, as it came; "" where there is nothing.
struct DeviceStatus {
    std::string id;
    std::string server;      ///< the address of the broker
    std::string status;      ///< "online" or "offline"
    std::string info;        ///< JSON
    std::string health;      ///< JSON
    std::string settings{};  ///< JSON: what was set over MQTT

    [[nodiscard]] bool isOnline() const { return status == "online"; }
};

/// For a person: one line for each part, what does not work included. Whatever the JSON has, or lacks, is text that
/// prints.
std::string formatStatus(const DeviceStatus& device, WallTime now);

/// One object: id, server, status, info, health, settings; null where there is nothing.
std::string formatStatusJson(const DeviceStatus& device);

}  // namespace edge
