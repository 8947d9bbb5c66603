// SPDX-License-Identifier: MIT
#include "watchdog.hpp"

#include "core/log.hpp"
#include "core/service_manager.hpp"

namespace edge {
namespace {

/// Twice in time even when one feeding is late.
constexpr int kFeedingsPerTimeout = 3;

}  // namespace

Watchdog::Watchdog(Loop& loop, const WorkerPool& pool) : loop_(loop), pool_(pool) {
    const auto timeout = service_manager::watchdogTimeout();
    if (!timeout) return;
    period_ = *timeout / kFeedingsPerTimeout;
    feed();
}

void Watchdog::feed() {
    timer_ = loop_.after(period_, [this] { feed(); });
    const auto stalled = pool_.stalledStrand();
    if (!stalled) {
        isStalled_ = false;
        return service_manager::feedWatchdog();
    }
    if (isStalled_) return;
    isStalled_ = true;
    log::error("{} hangs; unless it returns, systemd starts the agent again", *stalled);
}

}  // namespace edge
