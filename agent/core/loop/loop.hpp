// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "core/time/time.hpp"

namespace edge {

using Task = std::function<void()>;

/// Something that runs tasks, one after the other, in the order of post(). Implementations: the loop, a strand of the
/// worker pool, and ManualExecutor in tests.
class Executor {
  public:
    virtual ~Executor() = default;
    /// Queue a task. Never runs it inside this call. Thread: any. The task must not throw.
    virtual void post(Task task) = 0;
};

/// A scheduled task. Destroying or cancelling it before it ran means that it never runs. Move-only; empty by default.
/// Thread: the loop's.
class Timer {
  public:
    /// What a Loop implements: the scheduled entry.
    class Entry {
      public:
        virtual ~Entry() = default;
        /// Never runs the task after this. Harmless when it already ran.
        virtual void cancel() = 0;
    };

    Timer() = default;
    explicit Timer(std::unique_ptr<Entry> entry) : entry_(std::move(entry)) {}
    Timer(Timer&&) noexcept = default;
    Timer& operator=(Timer&& other) noexcept {
        cancel();
        entry_ = std::move(other.entry_);
        return *this;
    }
    ~Timer() { cancel(); }

    void cancel() {
        if (entry_) {
            entry_->cancel();
            entry_.reset();
        }
    }

  private:
    std::unique_ptr<Entry> entry_;
};

/// Watches a descriptor it does not own; destroying it ends the watch. The descriptor must outlive it.
class FdWatch {
  public:
    virtual ~FdWatch() = default;
};

/// The one thread on which everything that keeps state lives. post() is safe from any thread; everything else is called
/// on the loop's own thread. A task that throws is a bug and ends the program.
class Loop : public Executor {
  public:
    [[nodiscard]] virtual const Clock& clock() const = 0;

    /// Run `task` once at `when` (as soon as possible if that is past), unless the Timer goes first.
    [[nodiscard]] virtual Timer at(SteadyTime when, Task task) = 0;
    [[nodiscard]] Timer after(nanoseconds delay, Task task) {
        return at(clock().now() + std::chrono::duration_cast<SteadyTime::duration>(delay), std::move(task));
    }

    /// Call `ready` each time `fd` can be read (level-triggered), until the watch is destroyed.
    [[nodiscard]] virtual std::unique_ptr<FdWatch> watch(int fd, Task ready) = 0;
};

}  // namespace edge
