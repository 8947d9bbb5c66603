// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "core/time.hpp"

/// What systemd is told (sd_notify(3)); nothing happens where it is not systemd that started the program. Thread: any.
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

}  // namespace edge::service_manager
