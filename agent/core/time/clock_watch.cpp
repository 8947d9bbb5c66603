// SPDX-License-Identifier: MIT
#include "core/time/clock_watch.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <ctime>
#include <dlfcn.h>
#include <limits>
#include <utility>

#include "core/system/log.hpp"

namespace edge {
namespace {

constexpr std::uint64_t kAnswerLimitMicros = 5'000'000;

struct Bus;
struct BusError;

/// What is used of libsystemd's sd-bus.h. Loaded at the first question, and only where the kernel refuses to answer:
/// with the six libraries that it brings it takes 0.3 MiB.
struct BusFunctions {
    int (*openSystem)(Bus**);
    int (*setTimeout)(Bus*, std::uint64_t);
    int (*getProperty)(Bus*, const char*, const char*, const char*, const char*, BusError*, char, void*);
    Bus* (*close)(Bus*);
};

template <typename Function>
bool find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(::dlsym(library, name));
    return function != nullptr;
}

std::optional<BusFunctions> load() {
    void* const library = ::dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return std::nullopt;
    BusFunctions functions{};
    const bool isWhole = find(library, "sd_bus_open_system", functions.openSystem) &&
                         find(library, "sd_bus_set_method_call_timeout", functions.setTimeout) &&
                         find(library, "sd_bus_get_property_trivial", functions.getProperty) &&
                         find(library, "sd_bus_flush_close_unref", functions.close);
    return isWhole ? std::optional(functions) : std::nullopt;
}

}  // namespace

std::optional<ClockState> askTimedated() {
    static const std::optional<BusFunctions> bus = load();
    Bus* opened = nullptr;
    if (!bus || bus->openSystem(&opened) < 0) return std::nullopt;
    const std::unique_ptr<Bus, Bus* (*)(Bus*)> connection(opened, bus->close);
    bus->setTimeout(opened, kAnswerLimitMicros);
    int isSynchronised = 0;
    const int status = bus->getProperty(opened, "org.freedesktop.timedate1", "/org/freedesktop/timedate1",
                                        "org.freedesktop.timedate1", "NTPSynchronized", nullptr, 'b', &isSynchronised);
    if (status < 0) return std::nullopt;
    return isSynchronised != 0 ? ClockState::kSynchronised : ClockState::kUnsynchronised;
}

ClockSetWatch::ClockSetWatch(Loop& loop, Task onSet)
    : onSet_(std::move(onSet)), timer_(::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC)) {
    if (!timer_) return;
    arm();
    watch_ = loop.watch(timer_.get(), [this] { onReadable(); });
}

void ClockSetWatch::onReadable() {
    std::uint64_t ignored = 0;
    if (::read(timer_.get(), &ignored, sizeof ignored) >= 0 || errno != ECANCELED) return;
    arm();
    onSet_();
}

void ClockSetWatch::arm() const {
    itimerspec never{};
    never.it_value.tv_sec = std::numeric_limits<std::time_t>::max();
    ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr);
}

ClockWatch::ClockWatch(Loop& loop, std::shared_ptr<Executor> strand, Tell tell, Ask ask)
    : loop_(loop), strand_(std::move(strand)), tell_(std::move(tell)), ask_(std::move(ask)), clockSet_(loop, [this] {
          this->ask();
      }) {
    this->ask();
}

void ClockWatch::ask() {
    next_.cancel();
    if (std::exchange(isAsking_, true)) {
        isOutdated_ = true;
        return;
    }
    runOn(*strand_, loop_, scope_, ask_, [this](std::optional<ClockState> state) { onAnswer(state); });
}

void ClockWatch::onAnswer(std::optional<ClockState> state) {
    isAsking_ = false;
    if (std::exchange(isOutdated_, false)) return ask();
    if (state) {
        state_ = *state;
        tell_(state_);
    } else if (!std::exchange(hasWarned_, true)) {
        log::warning(
            "cannot ask systemd-timedated whether the clock is synchronised; until it answers, the clock counts as not "
            "synchronised; check that D-Bus is running: timedatectl");
    }
    next_ = loop_.after(state_ == ClockState::kSynchronised ? kSynchronisedInterval : kUnsynchronisedInterval,
                        [this] { ask(); });
}

}  // namespace edge
