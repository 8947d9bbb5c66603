// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

namespace edge {

/// Numbers in [0, 1).
using RandomSource = std::function<double()>;

/// Seeded by the system; for jitter, not for secrets.
RandomSource systemRandom();

}  // namespace edge
