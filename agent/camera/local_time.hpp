// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/time.hpp"

namespace edge {

/// "2026-11-20 10:30:00" in the machine's time zone: for people, in pictures. Thread: any.
[[nodiscard]] std::string formatLocalTime(WallTime time);

}  // namespace edge
