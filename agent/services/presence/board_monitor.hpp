// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/loop/scope.hpp"
#include "core/system/board.hpp"
#include "services/service.hpp"

namespace edge {

/// Looks at the board every kInterval, on a strand: a Pi's firmware may take its time.
class BoardMonitor : Service {
  public:
    static constexpr seconds kInterval{60};
    /// `disk` is a path on the journal's file system.
    using Reader = std::function<BoardHealth(const std::string& disk)>;

    /// `read` is called on `strand`. `looked` is called after each look.
    BoardMonitor(const ServiceContext& context, std::string bootId, std::shared_ptr<Executor> strand, Reader read,
                 Task looked);

    /// Continues with what the last run saw since this boot, looks now, and from now on.
    void start(const JournalSnapshot& snapshot);

    /// As it was at the last look; nothing where that one has not returned for kInterval.
    [[nodiscard]] const BoardHealth& board() const { return board_; }

  private:
    /// What was seen since boot, one bit each. The firmware's own memory of it is cleared by the kernel, which reads it
    /// every two seconds.
    enum Seen : unsigned { kUndervoltage = 1, kThrottled = 2 };

    void lookRegularly();
    void look();
    void remember(BoardHealth& board);
    void take(BoardHealth board);

    std::shared_ptr<Executor> strand_;
    Reader read_;
    Task looked_;
    std::string bootId_;
    BoardHealth board_;
    unsigned seen_ = 0;
    bool isLooking_ = false;
    Timer next_;
    Scope scope_;
};

}  // namespace edge
