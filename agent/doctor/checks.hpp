// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>

#include "camera/picture_source.hpp"
#include "config/config.hpp"
#include "core/clock.hpp"
#include "doctor/finding.hpp"
#include "doctor/machine.hpp"
#include "gpio/gpio.hpp"
#include "mqtt/message.hpp"

namespace edge {

/// The checks, one function each. They change nothing, drive no pin, and block for as long as what they look at takes.

/// The file and what it names: certificates, the password. `config` is filled where it can be used.
Findings checkConfiguration(const std::string& path, std::optional<Config>& config, std::string& password);

Findings checkClock(const Config& config, ClockState state);

/// Each sensor is read once; what it gave comes into `values`, by name.
Findings checkSensors(const Config& config, const Machine& machine, std::map<std::string, double>& values);

/// Devices and their permissions, who else uses them, and a picture, which comes into `picture`.
Findings checkCameraDevices(const Config& config, const Machine& machine);
Findings checkCameraPicture(const Config& config, std::optional<Picture>& picture);

Findings checkGpio(const Config& config, GpioPort& port);

/// Every configured server: name, TLS, login, packet limit, and the access list: the agent's topics are subscribed to,
/// and `publications` published. An agent that runs is asked what it has been denied.
Findings checkBroker(const Config& config, const std::string& password, std::vector<Publication> publications);

/// Bytes free for the agent where `path` is; nullopt where that cannot be said.
using FreeSpace = std::optional<std::uint64_t> (*)(const std::string& path);
std::optional<std::uint64_t> freeSpace(const std::string& path);
Findings checkJournal(const Config& config, FreeSpace space = freeSpace);

/// Power supply and temperature, as the firmware of a Raspberry Pi sees them.
Findings checkPower(const Machine& machine);

/// The units of systemd. Nothing where the machine has none.
Findings checkService(const Config& config, const Machine& machine);

}  // namespace edge
