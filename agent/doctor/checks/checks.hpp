// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "camera/client/picture_source.hpp"
#include "config/config.hpp"
#include "core/result.hpp"
#include "core/time/time.hpp"
#include "doctor/doctor.hpp"
#include "doctor/machine.hpp"
#include "gpio/gpio.hpp"
#include "mqtt/message.hpp"

namespace edge {

/// The checks, one function each. They change nothing, drive no pin, leave no trace in a running agent, and end within
/// limits of their own, whatever hangs.

/// The file and what it names: certificates, the password. `config` is filled where it can be used, `password`
/// ("" where none is configured) where it and the files of [mqtt.tls] can be.
Findings checkConfiguration(const std::string& path, std::optional<Config>& config,
                            std::optional<std::string>& password);

/// Certificates of [mqtt.tls] that have ended or end within 30 days.
Findings checkCertificates(const Config& config, WallTime now);

Findings checkClock(const Config& config, ClockState state);

/// Each sensor is read once; what it gave comes into `values`, by name.
Findings checkSensors(const Config& config, const Machine& machine, std::map<std::string, double>& values);

/// One reading, with scale and offset, inside its limits. Ends within ten seconds.
Result<double> readOnce(const SensorConfig& sensor, const Machine& machine);
/// What keeps sensors from being seen on this machine, and what to do: a bus that is not enabled, on which nothing
/// answers, or whose device has no driver.
std::vector<std::string> hintsForMissingSensors(const Machine& machine);

/// Devices and their permissions, who else uses them, and a picture, which comes into `picture`.
Findings checkCameraDevices(const Config& config, const Machine& machine);
Findings checkCameraPicture(const Config& config, std::optional<Picture>& picture);

Findings checkGpio(const Config& config, GpioPort& port);

/// Whether an agent with this configuration runs on this machine.
enum class AgentState { kStopped, kRunning, kUnknown };
AgentState stateOfAgent(const Config& config, const Machine& machine);

/// What the broker keeps about this agent and others, and what is odd about it.
struct Announcements {
    std::map<std::string, std::string> info;  ///< by device.id: the retained JSON of "info"
    std::set<std::string> online;             ///< device.ids whose retained status is "online"

    /// A retained message: "status" or "info" of any device.
    void add(const InboundMessage& message, const Config& config);
};

/// topics.base with a wildcard for the device.id: "edge/+" of "edge/garden", and of "edge/edge".
std::string baseOfAnyDevice(const Config& config);

/// Every configured server: name, TLS, login, packet limit, and the access list: the agent's topics are subscribed to,
/// and `publications` published. An agent that runs is asked what it has been denied; where none runs, a command that
/// has expired shows whether commands can be read. Without `password` no login is tried. What others
/// have announced comes into `announcements`.
Findings checkBroker(const Config& config, const std::optional<std::string>& password,
                     std::vector<Publication> publications, AgentState agent, Announcements& announcements);

/// Two agents with one device.id, and other agents that publish on the same topics. `agent` is that of this machine,
/// whose journal says when it started.
Findings checkOthers(const Config& config, AgentState agent, const Announcements& announcements);

/// Bytes free for the agent where `path` is; nullopt where that cannot be said.
using FreeSpace = std::optional<std::uint64_t> (*)(const std::string& path);
std::optional<std::uint64_t> freeSpace(const std::string& path);
Findings checkJournal(const Config& config, FreeSpace space = freeSpace);
/// Whether the archive of pictures has the room that the configuration gives it; nothing where there is none.
Findings checkArchive(const Config& config, FreeSpace space = freeSpace);

/// Whether commands reach the agent that runs, as its journal has it.
Findings checkCommands(const Config& config);

/// Power supply and temperature, as the firmware of a Raspberry Pi sees them.
Findings checkPower(const Machine& machine);

/// The units of systemd. Nothing where the machine has none.
Findings checkService(const Config& config, const Machine& machine);

}  // namespace edge
