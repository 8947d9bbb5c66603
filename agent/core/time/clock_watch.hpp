// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "core/loop/loop.hpp"
#include "core/system/files.hpp"
#include "core/time/time_daemon.hpp"

namespace edge {

/// Tells whether the clock is synchronised where the service's sandbox keeps the kernel's own answer away (the right to
/// ask is the right to set: both are adjtimex). Asks at once, whenever the clock is set, and from time to time: often
/// while it is not synchronised. Thread: the loop's; the question is asked on the strand.
class ClockWatch {
  public:
    using Ask = std::function<std::optional<ClockState>()>;
    using Tell = std::function<void(ClockState)>;

    /// Calls `tell` for every answer.
    ClockWatch(Loop& loop, std::shared_ptr<Executor> strand, Tell tell, Ask ask = askTimeDaemon);
    ~ClockWatch();
    ClockWatch(const ClockWatch&) = delete;
    ClockWatch& operator=(const ClockWatch&) = delete;

    /// While the clock is not synchronised: after the start and after each time it was set, then later on.
    static constexpr seconds kSoon{10};
    static constexpr seconds kSoonFor{300};
    static constexpr seconds kLater{60};
    /// While it is: it may lose its source.
    static constexpr seconds kSeldom{600};

  private:
    void ask();
    void heard(std::optional<ClockState> state);
    void onReadable();
    void arm() const;

    Loop& loop_;
    std::shared_ptr<Executor> strand_;
    Tell tell_;
    Ask ask_;
    UniqueFd timer_;  ///< never expires, but is cancelled by the kernel when the clock is set
    std::unique_ptr<FdWatch> watch_;
    SteadyTime soonUntil_;
    bool isAsking_ = false;
    bool wasSet_ = false;  ///< since the question under way was asked
    bool hasWarned_ = false;
    ClockState state_ = ClockState::kUnsynchronised;
    Timer next_;
    std::shared_ptr<int> lifetime_ = std::make_shared<int>();
};

}  // namespace edge
