// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <utility>

#include "core/loop/loop.hpp"
#include "journal/store/store.hpp"

namespace edge {

/// The way from the loop to the store on its strand, and back. Nothing comes back once its owner is gone.
/// Thread: the loop's. The loop must outlive what runs on the strand; the store lives until that has ended.
class StoreLink {
  public:
    StoreLink(Loop& loop, std::shared_ptr<Executor> strand, const JournalConfig& config)
        : loop_(loop), strand_(std::move(strand)), store_(std::make_shared<JournalStore>(config)) {}

    /// Runs `work(JournalStore&)` on the strand, then `then(what it returned)` on the loop.
    template <typename Work, typename Then>
    void run(Work work, Then then) {
        strand_->post([work = std::move(work), then = std::move(then), store = store_, &loop = loop_,
                       alive = std::weak_ptr<int>(lifetime_)]() mutable {
            using Outcome = decltype(work(*store));
            auto outcome = std::make_shared<Outcome>(work(*store));
            loop.post([outcome, then = std::move(then), alive = std::move(alive)]() mutable {
                if (!alive.expired()) then(std::move(*outcome));
            });
        });
    }

    /// Runs `task` with the loop's next turn; nothing for an empty one.
    void later(Task task) {
        if (!task) return;
        loop_.post([task = std::move(task), alive = std::weak_ptr<int>(lifetime_)] {
            if (!alive.expired()) task();
        });
    }

    /// Expires with this object: for code that calls out and may not be there when the call comes back.
    [[nodiscard]] std::weak_ptr<int> lifetime() const { return lifetime_; }

  private:
    Loop& loop_;
    const std::shared_ptr<Executor> strand_;
    const std::shared_ptr<JournalStore> store_;
    const std::shared_ptr<int> lifetime_ = std::make_shared<int>(0);
};

}  // namespace edge
