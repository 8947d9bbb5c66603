// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "core/loop/loop.hpp"
#include "core/loop/scope.hpp"
#include "core/system/files.hpp"
#include "core/time/time.hpp"

namespace edge {

/// Whether the clock is synchronised, by systemd-timedated's NTPSynchronized over D-Bus; nullopt without an answer.
/// timedated asks the kernel, whatever daemon sets the clock, and ends by itself when idle. Blocks, up to 5 s. Thread:
/// any.
[[nodiscard]] std::optional<ClockState> askTimedated();

/// Calls `onSet` each time the wall clock is set to another time (not when it is slewed), and after a suspend. Thread:
/// the loop's.
class ClockSetWatch {
  public:
    ClockSetWatch(Loop& loop, Task onSet);

  private:
    void onReadable();
    void arm() const;

    Task onSet_;
    UniqueFd timer_;  ///< never expires, but is cancelled by the kernel when the clock is set
    std::unique_ptr<FdWatch> watch_;
};

/// Tells whether the clock is synchronised where the service's sandbox does not allow adjtimex(): with it a program may
/// also set the clock, so ProtectClock= refuses it. Asks at once, whenever the clock is set, and periodically. Thread:
/// the loop's; the question is asked on the strand.
class ClockWatch {
  public:
    using Ask = std::function<std::optional<ClockState>()>;
    using Tell = std::function<void(ClockState)>;

    /// Calls `tell` for every answer.
    ClockWatch(Loop& loop, std::shared_ptr<Executor> strand, Tell tell, Ask ask = askTimedated);

    static constexpr seconds kUnsynchronisedInterval{15};
    static constexpr seconds kSynchronisedInterval{600};  ///< the clock may lose its source

    /// Asks now: the clock was set. While a question is open it is asked once more after its answer, which may be
    /// older than the change and is dropped.
    void ask();

  private:
    void onAnswer(std::optional<ClockState> state);

    Loop& loop_;
    std::shared_ptr<Executor> strand_;
    Tell tell_;
    Ask ask_;
    ClockSetWatch clockSet_;
    bool isAsking_ = false;
    bool isOutdated_ = false;  ///< the clock was set while asking
    bool hasWarned_ = false;
    ClockState state_ = ClockState::kUnsynchronised;
    Timer next_;
    Scope scope_;
};

}  // namespace edge
