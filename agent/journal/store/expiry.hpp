// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <optional>

#include "core/time/clock.hpp"
#include "core/time/time.hpp"

namespace edge {

/// When rows are old enough to go. A clock that jumps must not empty the journal: only synchronised time counts, and
/// only as much of it as has really passed since it was first seen synchronised. Thread: the loop's.
class Expiry {
  public:
    Expiry(const Clock& clock, milliseconds maxAge) : clock_(clock), maxAge_(maxAge) {}

    void setMaxAge(milliseconds maxAge) { maxAge_ = maxAge; }

    /// Now and then (every kPause): rows from before this time may go. Else nullopt.
    [[nodiscard]] std::optional<WallTime> takeCutoff() {
        const SteadyTime now = clock_.now();
        if (clock_.wallState() != ClockState::kSynchronised) return std::nullopt;
        if (!anchor_) {
            anchor_ = Anchor{now, clock_.wallNow()};
            next_ = now + kPause;  // long enough to notice, and set right, a clock that was set wrong
        }
        if (now < next_) return std::nullopt;
        next_ = now + kPause;
        const WallTime expected = anchor_->wall + std::chrono::duration_cast<WallTime::duration>(now - anchor_->steady);
        return std::min(clock_.wallNow(), expected) - maxAge_;
    }
    /// There was more to remove than one step does.
    void hurry() { next_ = clock_.now(); }

    static constexpr std::chrono::minutes kPause{10};

  private:
    struct Anchor {
        SteadyTime steady;
        WallTime wall;
    };
    const Clock& clock_;
    milliseconds maxAge_;
    std::optional<Anchor> anchor_;
    SteadyTime next_{};
};

}  // namespace edge
