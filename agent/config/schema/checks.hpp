// SPDX-License-Identifier: MIT
#pragma once

#include "config/config.hpp"
#include "config/schema/diagnostics.hpp"

namespace edge {

/// Checks what involves several keys: limits in the wrong order, incomplete pairs, duplicate names, GPIO lines and
/// topics, topics that are too long once `{id}` is replaced. Skips keys that have an error already.
void validate(const Config& config, Diagnostics& diagnostics);

}  // namespace edge
