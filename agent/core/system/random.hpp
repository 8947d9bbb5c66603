// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <random>

namespace edge {

/// Numbers in [0, 1).
using RandomSource = std::function<double()>;

/// Seeded by the system; for jitter, not for secrets.
inline RandomSource systemRandom() {
    return [engine = std::mt19937_64(std::random_device{}())]() mutable {
        return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
    };
}

}  // namespace edge
