// SPDX-License-Identifier: MIT
#pragma once

#include <utility>
#include <vector>

#include "core/loop/loop.hpp"

namespace edge {

/// A strand that works only when it is told to.
class HeldExecutor : public Executor {
  public:
    void post(Task task) override { tasks.push_back(std::move(task)); }
    void runAll() {
        const auto run = std::exchange(tasks, {});
        for (const Task& task : run) task();
    }
    std::vector<Task> tasks;
};

}  // namespace edge
