// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "core/time/clock.hpp"

namespace edge {

/// systemd-timedated's NTPSynchronized, over D-Bus; nullopt where nobody answers. It asks the kernel, whatever daemon
/// sets the clock, and ends by itself when idle. Blocks, up to 5 s. Thread: any.
[[nodiscard]] std::optional<ClockState> askTimeDaemon();

}  // namespace edge
