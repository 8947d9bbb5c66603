// SPDX-License-Identifier: MIT
#include "mqtt/payload_limit.hpp"

#include <algorithm>

namespace edge {

void PayloadLimit::acknowledged(std::size_t bytes) {
    largestAcknowledged_ = std::max(largestAcknowledged_, bytes);
}

bool PayloadLimit::lostWith(std::size_t bytes) {
    if (bytes <= largestAcknowledged_ || bytes <= kFloor) return false;
    const std::size_t halved = std::max({bytes / 2, largestAcknowledged_, kFloor});
    if (halved >= limit_) return false;
    limit_ = halved;
    return true;
}

}  // namespace edge
