// SPDX-License-Identifier: MIT
#include "core/service_manager.hpp"

#include <cstdint>

#include <fmt/core.h>
#include <systemd/sd-daemon.h>

namespace edge::service_manager {

void notifyReady() {
    sd_notify(0, "READY=1");
}

void notifyReloading() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
    sd_notify(0, fmt::format("RELOADING=1\nMONOTONIC_USEC={}", micros).c_str());
}

void notifyStopping() {
    sd_notify(0, "STOPPING=1");
}
void notifyStatus(const std::string& line) {
    sd_notify(0, ("STATUS=" + line).c_str());
}
void feedWatchdog() {
    sd_notify(0, "WATCHDOG=1");
}

std::optional<std::chrono::microseconds> watchdogTimeout() {
    std::uint64_t micros = 0;
    if (sd_watchdog_enabled(0, &micros) <= 0) return std::nullopt;
    return std::chrono::microseconds{micros};
}

}  // namespace edge::service_manager
