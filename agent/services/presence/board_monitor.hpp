// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>

#include "core/loop/scope.hpp"
#include "core/system/board.hpp"
#include "services/service.hpp"

namespace edge {

/// Looks at the board every kInterval, on a strand: a Pi's firmware may take its time.
class BoardMonitor : Service {
  public:
    static constexpr seconds kInterval{60};
    using Reader = std::function<BoardHealth()>;

    /// `read` is called on `strand`. `looked` is called after each look.
    BoardMonitor(const ServiceContext& context, std::shared_ptr<Executor> strand, Reader read, Task looked);

    /// Looks now, and from now on.
    void start();

    /// As it was at the last look; nothing where that one has not returned for kInterval.
    [[nodiscard]] const BoardHealth& board() const { return board_; }

  private:
    void look();
    void take(BoardHealth board);

    std::shared_ptr<Executor> strand_;
    Reader read_;
    Task looked_;
    BoardHealth board_;
    bool isLooking_ = false;
    Timer next_;
    Scope scope_;
};

}  // namespace edge
