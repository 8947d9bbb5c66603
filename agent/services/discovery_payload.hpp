// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>

#include "config/config.hpp"
#include "core/identity.hpp"

namespace edge {

/// Home Assistant's name of each component and its platform ("sensor", "button", …): what has to be taken back by name
/// when it is no longer there.
using DiscoveredComponents = std::map<std::string, std::string>;

/// `<prefix>/device/<id>/config`: where Home Assistant looks for a device.
std::string discoveryTopic(const Config& config);
/// `<prefix>/status`: where Home Assistant says that it has started.
std::string discoveryBirthTopic(const Config& config);
/// `<base>/jpeg`, while discovery is enabled and image.topic is one that other devices may use, too: a picture shown
/// for one device must not be another's. "" otherwise.
std::string discoveryImageTopic(const Config& config);

/// What the configuration offers to Home Assistant.
DiscoveredComponents discoveryComponents(const Config& config);

/// Device-based discovery (Home Assistant's documentation of MQTT, "Device discovery payload"). `interval` is how often
/// readings are published, nullopt while they are not: a value that nobody renews on purpose does not expire.
/// `removed` are taken back, in place of what has their name now.
std::string formatDiscovery(const Config& config, const Identity& identity, std::optional<milliseconds> interval,
                            const DiscoveredComponents& removed);

}  // namespace edge
