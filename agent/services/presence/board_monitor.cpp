// SPDX-License-Identifier: MIT
#include "services/presence/board_monitor.hpp"

#include <optional>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "core/system/log.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

constexpr const char* kStateKey = "board";

}  // namespace

BoardMonitor::BoardMonitor(const ServiceContext& context, std::string bootId, std::shared_ptr<Executor> strand,
                           Reader read, Task looked)
    : Service(context),
      strand_(std::move(strand)),
      read_(std::move(read)),
      looked_(std::move(looked)),
      bootId_(std::move(bootId)) {}

void BoardMonitor::start(const JournalSnapshot& snapshot) {
    const std::string saved = savedState(snapshot, kStateKey);
    if (const std::size_t space = saved.find(' '); saved.substr(0, space) == bootId_ && space != std::string::npos)
        seen_ = parseNumber<unsigned>(std::string_view(saved).substr(space + 1)).value_or(0);
    lookRegularly();
}

void BoardMonitor::lookRegularly() {
    next_ = loop_.after(kInterval, [this] { lookRegularly(); });
    look();
}

void BoardMonitor::remember(BoardHealth& board) {
    const unsigned before = seen_;
    const auto merge = [this](std::optional<BoardHealth::Flag>& flag, Seen bit) {
        if (!flag) return;
        if (flag->isNow || flag->wasSinceBoot) seen_ |= bit;
        flag->wasSinceBoot = (seen_ & bit) != 0;
    };
    merge(board.undervoltage, kUndervoltage);
    merge(board.throttled, kThrottled);
    if (seen_ != before) journal_.saveState(kStateKey, fmt::format("{} {}", bootId_, seen_), {});
}

void BoardMonitor::look() {
    if (std::exchange(isLooking_, true)) {
        board_ = {};
        return;
    }
    runOn(
        *strand_, loop_, scope_, [read = read_, disk = config_.journal.path] { return read(disk); },
        [this](BoardHealth board) { take(std::move(board)); });
}

void BoardMonitor::take(BoardHealth board) {
    isLooking_ = false;
    remember(board);
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
