// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <limits>

namespace edge {

/// How large a picture may be for a broker that announces nothing and just ends the connection. Learnt, kept for the
/// process.
class PayloadLimit {
  public:
    static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

    [[nodiscard]] std::size_t value() const { return limit_; }

    /// A picture of this size was acknowledged: the limit is not below it.
    void acknowledged(std::size_t bytes);

    /// The connection ended while a picture of this size was the last thing under way. Halves what is known; true when
    /// the limit changed. Sizes that went through before are beyond suspicion.
    bool lostWith(std::size_t bytes);

  private:
    /// Below this, it is not the size that brokers object to.
    static constexpr std::size_t kFloor = std::size_t{8} * 1024;

    std::size_t limit_ = kNone;
    std::size_t largestAcknowledged_ = 0;
};

}  // namespace edge
