// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "core/loop/loop.hpp"
#include "core/time/time.hpp"

namespace edge {

/// Threads for whatever can block: sensor reads, SQLite, name resolution. Work is posted to a strand, one per device;
/// a strand runs its tasks in order. A strand that blocks delays no other while there are fewer than `maxThreads`: a
/// thread is added whenever a strand has work and no thread is free, and goes again when it was idle for a while.
/// Beyond that, and while the system refuses a thread, strands wait for a free one, first come, first served. A task
/// may still run when the pool is gone: the loop that it posts to must never be destroyed.
class WorkerPool {
  public:
    /// The service may have 64 tasks (TasksMax in its unit), threads of libraries included.
    static constexpr std::size_t kMaxThreads = 16;

    explicit WorkerPool(std::size_t maxThreads = kMaxThreads);
    /// Waits up to `kShutdownLimit` for running tasks, then leaves threads that still block to the end of the process.
    /// They begin no other task.
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    static constexpr seconds kShutdownLimit{1};

    /// A new strand. `name` is for people (logs, health). A task of it that runs longer than `stallLimit` counts as
    /// hung. The strand may outlive the pool: posts are then dropped. Thread: any.
    [[nodiscard]] std::shared_ptr<Executor> makeStrand(std::string name, seconds stallLimit = seconds{60});

    /// The name of a strand whose current task has run past its stall limit, or that has waited that long while the
    /// system refuses to start any thread; else nullopt. A strand that waits for a free thread is not stalled: the ones
    /// that keep the threads are, if anything is. Thread: any.
    [[nodiscard]] std::optional<std::string> stalledStrand() const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace edge
