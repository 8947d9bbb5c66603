// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>

#include "config/config.hpp"
#include "core/system/identity.hpp"

namespace edge {

/// The key of each component and its platform ("sensor", "button", …). Home Assistant removes a component only where a
/// payload names its key and platform.
using DiscoveredComponents = std::map<std::string, std::string>;

/// `<prefix>/device/<id>/config`: where Home Assistant expects a device.
std::string discoveryTopic(const Config& config);
/// `<base>/jpeg`, while discovery is enabled and other devices may use image.topic, too: a picture shown for one device
/// must not be another's. "" otherwise.
std::string discoveryImageTopic(const Config& config);

/// A payload and what it names.
struct DiscoveryPayload {
    std::string json;
    /// All that the payload names: what the configuration offers, and what it removes.
    DiscoveredComponents components;
};

/// What not every board has.
struct BoardParts {
    bool hasTemperature = false;
    bool hasWifi = false;
    bool hasPowerFlags = false;  ///< undervoltage and throttled, of a Raspberry Pi's firmware
    bool operator==(const BoardParts&) const = default;
};

/// Device-based discovery (Home Assistant's documentation of MQTT, "Device discovery payload"). `interval` is how often
/// readings are published, nullopt while they are not: a value that is not renewed on purpose does not expire.
/// `known` is what earlier payloads on this topic named. Of `board` it offers what there is now or was in `known`: a
/// Wi-Fi that is away comes back. What else of `known` is no longer offered is named with its platform
/// alone, which removes it; its key is never given to a component of another platform.
DiscoveryPayload makeDiscovery(const Config& config, const Identity& identity, std::optional<milliseconds> interval,
                               const BoardParts& board, const DiscoveredComponents& known);

}  // namespace edge
