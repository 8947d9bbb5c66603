// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

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

}  // namespace edge
