// SPDX-License-Identifier: MIT
#include "services/settings/settings_service.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "core/system/log.hpp"
#include "core/text.hpp"
#include "journal/reader.hpp"

namespace edge {
namespace {

constexpr const char* kOn = "true";

/// A ConfigError has a line for each key.
std::string inOneLine(std::string text) {
    for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', end))
        text.replace(end, 1, "; also ");
    return text;
}

const char* stateOf(const Config& config, const std::string& topic) {
    return config.settings.at(switchKey(topic)) == kOn ? "ON" : "OFF";
}

}  // namespace

Config effectiveConfig(const ConfigSources& sources, const Identity& identity, std::string& problem) {
    const std::string path = parseConfig(sources, identity).journal.path;
    const Result<std::string> state = JournalReader::state(path, kSettingsState);
    if (!state && state.error().code != Errc::kNotFound) {
        problem = fmt::format("what was set over MQTT is not known: {}", state.error().message);
        return parseConfig(sources, identity);
    }
    std::vector<std::string> dropped;  // by the agent, too, which logs it
    return parseValid(sources, identity, parseSettings(state.value_or("")).value_or(Settings{}), dropped);
}

Settings SettingsService::saved(const JournalSnapshot& snapshot) {
    const std::string state = savedState(snapshot, kSettingsState);
    if (state.empty()) return {};
    auto settings = parseSettings(state);
    if (!settings) log::warning("what was set over MQTT cannot be read in the journal; the configuration file applies");
    return settings.value_or(Settings{});
}

void SettingsService::restored(const Settings& saved) {
    for (const std::string& line : describeOverrides(config_)) log::info("{}", printable(line));
    const Settings now = changedSettings(config_);
    if (now != saved) journal_.saveState(kSettingsState, formatSettings(now), {});
}

void SettingsService::onReload(const Config& before) {
    const Settings now = changedSettings(config_);
    const Settings old = changedSettings(before);
    for (const auto& [key, value] : now) {
        const auto known = old.find(key);
        if (known == old.end() || known->second != value)
            log::info("{} is now {}, set over MQTT; the configuration says {}", key, printable(value),
                      printable(config_.overrides->at(key)));
    }
    for (const auto& [key, value] : old) {
        const auto configured = config_.settings.find(key);
        if (!now.contains(key) && configured != config_.settings.end())
            log::info("{} is now {}, as the configuration says", key, printable(configured->second));
    }
    if (now != old) journal_.saveState(kSettingsState, formatSettings(now), {});
    if (config_.overrides != before.overrides || now != old) publishState("settings", describe());
    publishSwitches(&before);
}

void SettingsService::onConnected() {
    publishState("settings", describe());
    publishSwitches(nullptr);
}

/// Those that are not as `before`.
void SettingsService::publishSwitches(const Config* before) {
    const auto known = before == nullptr ? std::vector<std::string>{} : switchTopics(*before);
    for (const std::string& topic : switchTopics(config_)) {
        const bool isKnown = std::find(known.begin(), known.end(), topic) != known.end();
        if (!isKnown || std::string_view(stateOf(*before, topic)) != stateOf(config_, topic))
            publishState(topic, stateOf(config_, topic));
    }
}

Outcome SettingsService::set(const std::string& values) {
    const auto settings = parseSettings(values);
    if (!settings) {
        return Outcome::failure(ReplyCode::kInvalidOption,
                                R"("values" must be an object, for example {"telemetry.interval":"10s"})");
    }
    if (const auto done = change(*settings); !done)
        return Outcome::failure(ReplyCode::kInvalidOption, inOneLine(done.error().message));
    return Outcome::success(describe());
}

Outcome SettingsService::setSwitch(const std::string& topic, OutputCommand command) {
    const std::string key = switchKey(topic);
    const auto current = config_.settings.find(key);
    if (current == config_.settings.end()) {
        return Outcome::failure(ReplyCode::kInvalidPayload, fmt::format("there is no switch {}", printable(topic)));
    }
    const bool isOn = command == OutputCommand::kToggle ? current->second != kOn : command == OutputCommand::kOn;
    if (const auto done = change({{key, isOn ? kOn : "false"}}); !done)
        return Outcome::failure(ReplyCode::kInvalidPayload, done.error().message);
    return Outcome::success(fmt::format(R"({{"state":"{}"}})", stateOf(config_, topic)));
}

Result<void> SettingsService::change(const Settings& values) {
    Settings wanted = changedSettings(config_);
    for (const auto& [key, value] : values) wanted[key] = value;
    if (const std::string why = tooLarge(wanted); !why.empty()) return fail(Errc::kTooLarge, why);
    return apply_(wanted, values);
}

/// {"telemetry.interval":{"value":"10s","configured":"2s"}}
std::string SettingsService::describe() const {
    Settings differences;
    for (const auto& [key, value] : changedSettings(config_))
        differences[key] = fmt::format(R"({{"value":{},"configured":{}}})", value, config_.overrides->at(key));
    return formatSettings(differences);
}

}  // namespace edge
