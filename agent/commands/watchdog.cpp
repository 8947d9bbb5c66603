// SPDX-License-Identifier: MIT
#include "commands/watchdog.hpp"

#include <utility>

#include "core/system/log.hpp"
#include "core/system/service_manager.hpp"

namespace edge {
namespace {

/// Twice in time even when one feeding is late.
constexpr int kFeedingsPerTimeout = 3;

}  // namespace

Watchdog::Watchdog(Loop& loop, std::vector<const WorkerPool*> pools) : loop_(loop), pools_(std::move(pools)) {
    const auto timeout = service_manager::watchdogTimeout();
    if (!timeout) return;
    period_ = *timeout / kFeedingsPerTimeout;
    feed();
}

void Watchdog::feed() {
    timer_ = loop_.after(period_, [this] { feed(); });
    const auto stalled = stalledStrand();
    if (!stalled) {
        isStalled_ = false;
        return service_manager::feedWatchdog();
    }
    if (isStalled_) return;
    isStalled_ = true;
    log::error("{} is stalled; systemd will restart the agent unless it recovers", *stalled);
}

std::optional<std::string> Watchdog::stalledStrand() const {
    for (const WorkerPool* pool : pools_) {
        if (auto stalled = pool->stalledStrand()) return stalled;
    }
    return std::nullopt;
}

}  // namespace edge
