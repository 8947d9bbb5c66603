// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/loop/loop.hpp"
#include "core/system/files.hpp"

namespace edge {

/// The Loop of both programs, on standalone Asio. Thread: run() is called on the thread that owns it.
class AsioLoop : public Loop {
  public:
    AsioLoop();
    /// With a clock that outlives the loop.
    explicit AsioLoop(const Clock& clock);
    ~AsioLoop() override;

    void post(Task task) override;
    [[nodiscard]] const Clock& clock() const override;
    [[nodiscard]] Timer at(SteadyTime when, Task task) override;
    [[nodiscard]] std::unique_ptr<FdWatch> watch(int fd, Task ready) override;

    /// Runs until stop().
    void run();
    /// Makes run() return soon. Thread: any.
    void stop();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Calls `handler(signal number)` on the loop for each of `signals`. Block the signals (blockSignals) before any thread
/// is started, or a library's thread takes them.
class SignalWatch {
  public:
    using Handler = std::function<void(int)>;
    SignalWatch(Loop& loop, const std::vector<int>& signals, Handler handler);

  private:
    UniqueFd fd_;
    std::unique_ptr<FdWatch> watch_;
};

/// Blocks `signals` for this thread and all it will start. Call first thing in main().
void blockSignals(const std::vector<int>& signals);

}  // namespace edge
