// SPDX-License-Identifier: MIT
#include "config/load.hpp"

#include <fmt/core.h>

#include "config/schema/checks.hpp"
#include "config/schema/mistakes.hpp"
#include "config/schema/section_reader.hpp"
#include "config/schema/sections.hpp"
#include "config/schema/toml_reader.hpp"
#include "config/secrets/regular_file.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;

void readSections(const Table& root, Config& config, Mistakes& mistakes) {
    SectionReader reader(root, mistakes, config.lines);
    reader.rejectUnknownTables();
    reader.read(deviceSection(), config.device);
    reader.read(mqttSection(), config.mqtt);
    reader.read(tlsSection(), config.mqtt.tls);
    reader.read(topicsSection(), config.topics);
    reader.read(telemetrySection(), config.telemetry);
    reader.read(sensorSection(), config.sensors);
    reader.read(cameraSection(), config.camera);
    reader.read(motionSection(), config.camera.motion);
    reader.read(imageSection(), config.image);
    reader.read(gpioOutputSection(), config.gpio.outputs);
    reader.read(gpioInputSection(), config.gpio.inputs);
    reader.read(journalSection(), config.journal);
    reader.read(homeAssistantSection(), config.homeAssistant);
    reader.read(logSection(), config.log);
}

/// Whether `id` is one of the topic's levels.
bool hasLevel(std::string_view topic, std::string_view id) {
    return fmt::format("/{}/", topic).find(fmt::format("/{}/", id)) != std::string::npos;
}

void completeNames(Config& config, const Identity& identity) {
    if (config.device.id.empty()) config.device.id = identity.deviceId;
    if (config.device.name.empty()) config.device.name = config.device.id;
    const auto expand = [&](std::string& topic) { topic = expandId(topic, config.device.id); };
    expand(config.topics.command);
    expand(config.topics.base);
    expand(config.homeAssistant.prefix);
    const bool hasId = config.image.topic.find("{id}") != std::string::npos;
    expand(config.image.topic);
    // What is below topics.base is this device's, whatever its name.
    const bool isBelowBase = !config.topics.base.empty() && config.image.topic.starts_with(config.topics.base + '/');
    config.image.isTopicShared = !hasId && !isBelowBase && !hasLevel(config.image.topic, config.device.id);
    for (SensorConfig& sensor : config.sensors) expand(sensor.topic);
}

}  // namespace

Config parseConfig(std::string_view text, const std::string& name, const Identity& identity) {
    Mistakes mistakes(name);
    Config config;
    config.file = name;
    const Table root = readToml(text, mistakes);
    if (!mistakes.empty()) throw ConfigError(mistakes.text());

    readSections(root, config, mistakes);
    completeNames(config, identity);
    checkKeysTogether(config, mistakes);
    checkTopics(config, mistakes);
    if (!mistakes.empty()) throw ConfigError(mistakes.text());
    return config;
}

Config loadConfig(const std::string& path, const Identity& identity) {
    const auto file = readRegularFile(path, kMaxFileBytes);
    if (!file) {
        throw ConfigError(
            fmt::format("{}: {}; allowed: a TOML file that this user can read", path, file.error().message));
    }
    return parseConfig(file->content, path, identity);
}

}  // namespace edge
