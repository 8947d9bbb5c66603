// SPDX-License-Identifier: MIT
#include "core/system/random.hpp"

#include <random>

namespace edge {

RandomSource systemRandom() {
    return [engine = std::mt19937_64(std::random_device{}())]() mutable {
        return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
    };
}

}  // namespace edge
