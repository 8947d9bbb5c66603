// SPDX-License-Identifier: MIT
#include "services/presence/board_monitor.hpp"

#include <utility>

#include "core/system/log.hpp"

namespace edge {

BoardMonitor::BoardMonitor(const ServiceContext& context, std::shared_ptr<Executor> strand, Reader read, Task looked)
    : Service(context), strand_(std::move(strand)), read_(std::move(read)), looked_(std::move(looked)) {}

void BoardMonitor::start() {
    next_ = loop_.after(kInterval, [this] { start(); });
    look();
}

void BoardMonitor::look() {
    if (std::exchange(isLooking_, true)) {
        board_ = {};
        return;
    }
    runOn(*strand_, loop_, scope_, read_, [this](BoardHealth board) { take(std::move(board)); });
}

void BoardMonitor::take(BoardHealth board) {
    isLooking_ = false;
    const BoardHealth before = std::exchange(board_, std::move(board));
    const auto isNow = [](const std::optional<BoardHealth::Flag>& flag) { return flag && flag->isNow; };
    if (isNow(board_.undervoltage) && !isNow(before.undervoltage))
        log::warning("the supply's voltage is too low; use a supply and a cable made for this Pi");
    if (isNow(board_.throttled) && !isNow(before.throttled))
        log::warning("the processor is throttled; give it air, a heat sink or a fan");
    const bool isNews = board_.undervoltage != before.undervoltage || board_.throttled != before.throttled ||
                        board_.addresses != before.addresses;
    looked_();
    if (isNews) changed_();
}

}  // namespace edge
