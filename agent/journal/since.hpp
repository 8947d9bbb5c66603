// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

#include "core/time/time.hpp"

namespace edge {

/// What a person means by --since: "2h" or "7d" (that long before `now`), "2026-11-20" or "2026-11-20 09:30" or
/// "2026-11-20 09:30:15" (local time), or any RFC 3339 time. nullopt for anything else.
std::optional<WallTime> parseSince(std::string_view text, WallTime now);

}  // namespace edge
