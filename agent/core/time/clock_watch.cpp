// SPDX-License-Identifier: MIT
#include "core/time/clock_watch.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <ctime>
#include <limits>

#include "core/system/log.hpp"

namespace edge {

ClockWatch::ClockWatch(Loop& loop, std::shared_ptr<Executor> strand, Tell tell, Ask ask)
    : loop_(loop),
      strand_(std::move(strand)),
      tell_(std::move(tell)),
      ask_(std::move(ask)),
      timer_(::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC)),
      soonUntil_(loop.clock().now() + kSoonFor) {
    if (timer_) {
        arm();
        watch_ = loop_.watch(timer_.get(), FdEvent::kReadable, [this] { onReadable(); });
    }
    this->ask();
}

ClockWatch::~ClockWatch() {
    watch_.reset();
}

void ClockWatch::ask() {
    next_.cancel();
    isAsking_ = true;
    wasSet_ = false;
    strand_->post([this, ask = ask_, &loop = loop_, alive = std::weak_ptr(lifetime_)] {
        const auto state = ask();
        loop.post([this, state, alive] {
            if (!alive.expired()) heard(state);
        });
    });
}

void ClockWatch::heard(std::optional<ClockState> state) {
    isAsking_ = false;
    if (!state && !hasWarned_) {
        hasWarned_ = true;
        log::warning(
            "systemd-timedated does not say whether the clock is synchronised; until it does, it counts as not "
            "synchronised. Is D-Bus running? Try: timedatectl");
    }
    if (state) {
        state_ = *state;
        tell_(state_);
    }
    if (wasSet_) return ask();  // the answer may be of the time before
    const bool isSoon = loop_.clock().now() < soonUntil_;
    next_ = loop_.after(state_ == ClockState::kSynchronised ? kSeldom : isSoon ? kSoon : kLater, [this] { ask(); });
}

void ClockWatch::onReadable() {
    std::uint64_t ignored = 0;
    const bool isNews = ::read(timer_.get(), &ignored, sizeof ignored) < 0 && errno == ECANCELED;
    if (!isNews) return;
    arm();
    wasSet_ = true;
    soonUntil_ = loop_.clock().now() + kSoonFor;
    if (!isAsking_) ask();
}

void ClockWatch::arm() const {
    itimerspec never{};
    never.it_value.tv_sec = std::numeric_limits<std::time_t>::max();
    ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr);
}

}  // namespace edge
