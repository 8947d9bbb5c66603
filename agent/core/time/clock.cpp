// SPDX-License-Identifier: MIT
#include "core/time/clock.hpp"

#include <sys/timex.h>
#include <unistd.h>

#include <ctime>

namespace edge {

BootTime bootTimeNow() {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return seconds{now.tv_sec} + nanoseconds{now.tv_nsec};
}

SteadyTime SystemClock::now() const {
    return std::chrono::steady_clock::now();
}

WallTime SystemClock::wallNow() const {
    return std::chrono::system_clock::now();
}

ClockState SystemClock::wallState() const {
    const SteadyTime time = now();
    if (time < askAgain_.load()) return answer_;
    answer_ = ask();
    askAgain_ = time + kAnswerAge;
    return answer_;
}

ClockState SystemClock::ask() const {
    timex state{};  // modes = 0: only asks
    const bool known = adjtimex(&state) >= 0;
    if (known && (state.status & STA_UNSYNC) == 0) return ClockState::kSynchronised;
    if (!known && told_ == ClockState::kSynchronised) return ClockState::kSynchronised;
    // The kernel's flag goes stale when a daemon slews rarely; timesyncd leaves this mark once it has set the clock.
    const bool marked = access("/run/systemd/timesync/synchronized", F_OK) == 0;
    return marked ? ClockState::kSynchronised : ClockState::kUnsynchronised;
}

void SystemClock::setTold(ClockState state) {
    told_ = state;
    askAgain_ = SteadyTime::min();
}

bool SystemClock::canAskKernel() {
    timex state{};
    return adjtimex(&state) >= 0;
}

}  // namespace edge
