// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/executor.hpp"
#include "core/time.hpp"

namespace edge {

/// Threads for whatever can block: sensor reads, SQLite, name resolution. Work is posted to a strand, one per device;
/// a strand runs its tasks in order, and a strand that blocks never delays another: a thread is added whenever a strand
/// has work and no thread is free, and goes again when it was idle for a while.
class WorkerPool {
  public:
    WorkerPool();
    /// Waits up to `kShutdownLimit` for running tasks, then leaves threads that still block to the end of the process.
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    static constexpr seconds kShutdownLimit{3};

    /// A new strand. `name` is for people (logs, health). A task of it that runs longer than `stallLimit` counts as
    /// hung. The strand may outlive the pool: posts are then dropped. Thread: any.
    [[nodiscard]] std::shared_ptr<Executor> makeStrand(std::string name, seconds stallLimit = seconds{60});

    /// The name of a strand whose current task has run past its stall limit, else nullopt. Thread: any.
    [[nodiscard]] std::optional<std::string> stalledStrand() const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace edge
