// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "config/load.hpp"
#include "core/result.hpp"
#include "services/commands/command.hpp"
#include "services/service.hpp"

namespace edge {

/// The configuration that the agent of `config` has in force, by its journal: the files, and what was set over MQTT.
/// Opens no secret. Where the journal cannot be read, the files alone, and `problem` says why.
Config effectiveConfig(const ConfigSources& sources, const Identity& identity, std::string& problem);

/// What is changed over MQTT of the configuration: the command `set`, the switches on `<base>/…/enabled`, and
/// `<base>/settings`, which shows what differs from the files. The journal has one row with all of it.
class SettingsService : Service {
  public:
    /// Makes `wanted` the settings in force, because of the command that set `values`, and calls onReload(); or returns
    /// what is wrong with them, and nothing changes.
    using Apply = std::function<Result<void>(const Settings& wanted, const Settings& values)>;

    SettingsService(const ServiceContext& context, Apply apply) : Service(context), apply_(std::move(apply)) {}

    /// What the last run saved; a damaged row is none.
    static Settings saved(const JournalSnapshot& snapshot);
    /// The configuration in force is made with `saved`: from now on the journal has what of it could be used.
    void restored(const Settings& saved);

    /// The configuration in force is another one: saves and publishes what is different.
    void onReload(const Config& before);
    /// The settings, and the switches.
    void onConnected();

    /// `values` is a JSON object: all of them are applied, or none. null returns to the files' value. The data of the
    /// outcome is that of `<base>/settings`.
    Outcome set(const std::string& values);
    /// `topic` is a switch below topics.base: "camera/motion/enabled".
    Outcome setSwitch(const std::string& topic, OutputCommand command);

  private:
    [[nodiscard]] Result<void> change(const Settings& values);
    void publishSwitches(const Config* before);
    [[nodiscard]] std::string describe() const;

    const Apply apply_;
};

}  // namespace edge
