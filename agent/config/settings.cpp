// SPDX-License-Identifier: MIT
#include "config/settings.hpp"

#include <algorithm>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace edge {
namespace {

using Json = nlohmann::json;

}  // namespace

std::optional<Settings> parseSettings(std::string_view json) {
    const Json object = Json::parse(json, nullptr, /*allow_exceptions=*/false);
    if (!object.is_object()) return std::nullopt;
    Settings settings;
    for (const auto& [key, value] : object.items()) settings[key] = value.dump();
    return settings;
}

std::string formatSettings(const Settings& settings) {
    std::string text;
    for (const auto& [key, value] : settings)
        text += fmt::format("{}{}:{}", text.empty() ? "" : ",", Json(key).dump(), value);
    return '{' + text + '}';
}

std::string tooLarge(const Settings& settings) {
    const std::size_t bytes = formatSettings(settings).size();
    if (bytes <= kMaxSettingsBytes) return "";
    return fmt::format("all settings together take {} bytes; allowed: {}", bytes, kMaxSettingsBytes);
}

Settings changedSettings(const Config& config) {
    Settings changed;
    if (!config.overrides) return changed;
    for (const auto& [key, configured] : *config.overrides) changed[key] = config.settings.at(key);
    return changed;
}

std::vector<std::string> describeOverrides(const Config& config) {
    std::vector<std::string> lines;
    for (const auto& [key, value] : changedSettings(config)) {
        lines.push_back(
            fmt::format("{} is {} over MQTT; the configuration says {}", key, value, config.overrides->at(key)));
    }
    return lines;
}

std::vector<std::string> switchTopics(const Config& config) {
    std::vector<std::string> topics;
    for (const auto& [key, value] : config.settings) {
        if (!key.ends_with(".enabled")) continue;
        if (key == "camera.motion.enabled" && config.camera.backend == CameraBackend::kNone) continue;
        topics.push_back(key);
        std::ranges::replace(topics.back(), '.', '/');
    }
    return topics;
}

std::string switchKey(std::string_view topic) {
    std::string key(topic);
    std::ranges::replace(key, '/', '.');
    return key;
}

}  // namespace edge
