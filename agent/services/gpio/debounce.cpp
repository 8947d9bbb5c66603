// SPDX-License-Identifier: MIT
#include "services/gpio/debounce.hpp"

#include <algorithm>

namespace edge {

bool Debounce::edge(bool active, SteadyTime when) {
    when = std::max(when, lastEdge_);  // time does not run backwards, whatever a driver stamps on its edges
    const bool before = settle(when);
    // Two edges to the same level: the kernel dropped the one between them. It bounced, so the clock starts again.
    raw_ = active;
    lastEdge_ = when;
    const bool atOnce = settle(when);
    return before || atOnce;
}

void Debounce::missedEdge(bool active, SteadyTime now) {
    raw_ = active;
    lastEdge_ = std::max(lastEdge_, now);
}

bool Debounce::settle(SteadyTime now) {
    if (raw_ == settled_ || now - lastEdge_ < period_) return false;
    settled_ = raw_;
    return true;
}

std::optional<SteadyTime> Debounce::deadline() const {
    if (raw_ == settled_) return std::nullopt;
    return lastEdge_ + std::chrono::duration_cast<SteadyTime::duration>(period_);
}

}  // namespace edge
