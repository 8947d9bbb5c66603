// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

#include "core/time/time.hpp"

/// What systemd is told (sd_notify(3)), and what it hands over (sd_listen_fds(3)); nothing happens where it is not
/// systemd that started the program. Thread: any, as long as nobody changes the environment.
namespace edge::service_manager {

/// kReady, kStopping, kAlive, or "STATUS=" and a line for `systemctl status`.
void notify(std::string_view state);
inline constexpr std::string_view kReady = "READY=1";
inline constexpr std::string_view kStopping = "STOPPING=1";
inline constexpr std::string_view kAlive = "WATCHDOG=1";  ///< due at least once every watchdogTimeout()
void notifyReloading();
/// WatchdogSec= of the unit; nullopt where there is no watchdog.
std::optional<std::chrono::microseconds> watchdogTimeout();

/// How many sockets were given, from descriptor kFirstInherited on; 0 = none.
int inheritedSockets();
inline constexpr int kFirstInherited = 3;
inline constexpr int kMostInherited = 64;

}  // namespace edge::service_manager
