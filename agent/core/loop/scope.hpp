// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "core/loop/executor.hpp"

namespace edge {

/// Ties callbacks to their owner: what wrap() returned does nothing once the scope is gone or was reset. An owner has
/// one as its last member, so that it goes first. Thread: wrapped callbacks run on the thread that owns the scope; they
/// may be copied, moved and destroyed on any.
class Scope {
  public:
    Scope() = default;
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

    template <typename Callback>
    [[nodiscard]] auto wrap(Callback callback) const {
        return [alive = std::weak_ptr<const char>(token_), callback = std::move(callback)](auto&&... values) mutable {
            if (!alive.expired()) callback(std::forward<decltype(values)>(values)...);
        };
    }

    /// Cancels every callback that was wrapped so far.
    void reset() { token_ = std::make_shared<const char>(); }

  private:
    std::shared_ptr<const char> token_ = std::make_shared<const char>();
};

/// Runs `work()` on `strand`, then `done(what it returned)` on `loop`, unless `scope` is gone by then. `work` may run,
/// or be destroyed, after `scope` is gone, and on another thread: it must own what it uses. `loop` must outlive every
/// strand. Thread: the loop's.
template <typename Work, typename Done>
void runOn(Executor& strand, Executor& loop, const Scope& scope, Work work, Done done) {
    strand.post([&loop, work = std::move(work), done = scope.wrap(std::move(done))]() mutable {
        if constexpr (std::is_void_v<std::invoke_result_t<Work&>>) {
            work();
            loop.post(std::move(done));
        } else {
            loop.post([done = std::move(done), result = work()]() mutable { done(std::move(result)); });
        }
    });
}

}  // namespace edge
