// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "core/time/time.hpp"

namespace edge {

/// Tells the presses of a button from the bouncing of its contacts: a state counts once it has stood still for the
/// period. It uses the time stamps of the edges, so that a late program still sees what happened.
/// Holds no timer: the owner calls settle() at deadline().
class Debounce {
  public:
    /// `period` 0 = every edge counts at once.
    Debounce(nanoseconds period, bool active) : period_(period), raw_(active), settled_(active) {}

    /// An edge to `active` at `when`. True when settled() has changed: because the state before this edge had stood
    /// still for long enough, or, without a period, by the edge itself.
    [[nodiscard]] bool edge(bool active, SteadyTime when);
    /// The level is `active` though no edge said so: when it changed is unknown, so its period begins now.
    void missedEdge(bool active, SteadyTime now);
    /// The time is `now`. True when settled() has changed.
    [[nodiscard]] bool settle(SteadyTime now);

    [[nodiscard]] bool settled() const { return settled_; }
    /// The level after the last edge, bouncing or not.
    [[nodiscard]] bool raw() const { return raw_; }
    /// When settle() will change something unless another edge comes first; nullopt while the state is settled.
    [[nodiscard]] std::optional<SteadyTime> deadline() const;

  private:
    nanoseconds period_;
    bool raw_;
    bool settled_;
    SteadyTime lastEdge_{};
};

}  // namespace edge
