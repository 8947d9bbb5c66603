// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "core/loop/loop.hpp"

namespace edge {

/// Ties callbacks to their owner: what wrap() returned does nothing once the scope is gone or was reset. An owner has
/// one as its last member, so that it goes first. Thread: wrapped callbacks run on the thread that owns the scope; they
/// may be moved, copied and destroyed on any.
class Scope {
  public:
    /// Takes the arguments of the callback, and returns nothing. Like a std::function it may be called while const. The
    /// callback may destroy the scope and its owner, but not this object: executors and timers keep it while it runs.
    template <typename Callback>
    class Wrapped {
      public:
        Wrapped(std::weak_ptr<const char> alive, Callback callback)
            : alive_(std::move(alive)), callback_(std::move(callback)) {}

        template <typename... Values>
        requires std::invocable<Callback&, Values...>
        void operator()(Values&&... values) const {
            if (!alive_.expired()) callback_(std::forward<Values>(values)...);
        }

      private:
        std::weak_ptr<const char> alive_;
        mutable Callback callback_;
    };

    Scope() = default;
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

    template <typename Callback>
    [[nodiscard]] Wrapped<Callback> wrap(Callback callback) const {
        return {token_, std::move(callback)};
    }

    /// Cancels every callback that was wrapped so far.
    void reset() { token_ = std::make_shared<const char>(); }

  private:
    std::shared_ptr<const char> token_ = std::make_shared<const char>();
};

/// Runs `work()` on `strand`, then `done(what it returned)` on `loop`, unless `scope` is gone by then. `work`, `done`
/// and the result may be move-only. `work` may run, or be destroyed, after `scope` is gone: it must own what it uses.
/// It is destroyed on the strand before `done` runs; `done` and the result are only ever touched on the loop, except
/// where the strand drops the task without running it. `loop` must outlive every strand. Thread: the loop's.
template <typename Work, typename Done>
void runOn(Executor& strand, Executor& loop, const Scope& scope, Work work, Done done) {
    struct Job {
        std::optional<Work> work;
        Scope::Wrapped<Done> done;
    };
    // Behind a pointer: a std::function must be copyable, and the strand keeps no part of `done` once it is posted.
    strand.post([&loop, job = std::make_shared<Job>(Job{std::move(work), scope.wrap(std::move(done))})]() mutable {
        if constexpr (std::is_void_v<std::invoke_result_t<Work&>>) {
            (*job->work)();
            job->work.reset();
            loop.post([job = std::move(job)] { job->done(); });
        } else {
            auto result = std::make_shared<std::invoke_result_t<Work&>>((*job->work)());
            job->work.reset();
            loop.post([job = std::move(job), result = std::move(result)] { job->done(std::move(*result)); });
        }
    });
}

}  // namespace edge
