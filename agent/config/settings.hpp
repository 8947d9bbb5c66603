// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace edge {

/// What is changed at run time, by the command `set`: the value as JSON, by key, {"telemetry.interval", "\"10s\""}.
/// Null stands for what the files say.
using Settings = std::map<std::string, std::string>;

/// Where the journal has them: the key of Journal::saveState().
inline constexpr const char* kSettingsState = "settings";

/// Of a JSON object, {"telemetry.interval":"10s"}; nullopt: `json` is not one.
std::optional<Settings> parseSettings(std::string_view json);
std::string formatSettings(const Settings& settings);

/// Of all that is changed at run time, as formatSettings() shows it.
inline constexpr std::size_t kMaxSettingsBytes = 4096;
/// That `settings` are larger; "" where they are not.
std::string tooLarge(const Settings& settings);

/// What of `config` was changed at run time.
Settings changedSettings(const Config& config);

/// What was changed at run time, for people: {"telemetry.interval is \"10s\" over MQTT, agent.toml:5 says \"2s\""}.
std::vector<std::string> describeOverrides(const Config& config);

/// The switches of `config`: its settings named "enabled", as a topic below topics.base: {"camera/motion/enabled"}.
std::vector<std::string> switchTopics(const Config& config);
/// "camera/motion/enabled" → "camera.motion.enabled".
std::string switchKey(std::string_view topic);

}  // namespace edge
