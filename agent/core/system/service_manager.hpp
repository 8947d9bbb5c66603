// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "core/time/time.hpp"

/// What systemd is told (sd_notify(3)), and what it hands over (sd_listen_fds(3)); nothing happens where it is not
/// systemd that started the program. Thread: any, as long as nobody changes the environment.
namespace edge::service_manager {

void notifyReady();
void notifyReloading();
void notifyStopping();
/// One line for `systemctl status`.
void notifyStatus(const std::string& line);
/// "I am alive": due at least once every watchdogTimeout().
void feedWatchdog();
/// WatchdogSec= of the unit; nullopt where there is no watchdog.
std::optional<std::chrono::microseconds> watchdogTimeout();

/// How many sockets were given, from descriptor kFirstInherited on; 0 = none.
int inheritedSockets();
inline constexpr int kFirstInherited = 3;
inline constexpr int kMostInherited = 64;

}  // namespace edge::service_manager
