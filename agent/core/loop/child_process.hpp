// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/loop/loop.hpp"
#include "core/result.hpp"
#include "core/system/files.hpp"

namespace edge {

/// How a process ended.
struct ExitStatus {
    int code = 0;    ///< exit code, where signal is 0
    int signal = 0;  ///< what killed it
};
/// "ended with exit code 1", "was killed by signal 11 (Segmentation fault)".
std::string toString(const ExitStatus& status);

/// A child process, reaped on the loop without blocking it. Thread: the loop's.
class ChildProcess {
  public:
    using ExitHandler = std::function<void(const ExitStatus&)>;

    /// One of ours, and its number in the child.
    struct Descriptor {
        int own = -1;
        int childs = -1;
    };

    /// Starts `program` with `arguments`. It inherits `inherited`, the standard descriptors and no other; no signal is
    /// blocked or ignored in it. `exited` is called once, unless the object is destroyed first.
    static Result<std::unique_ptr<ChildProcess>> start(Loop& loop, const std::string& program,
                                                       const std::vector<std::string>& arguments, Descriptor inherited,
                                                       ExitHandler exited);

    /// Gives the process kGraceTime to end, then kills it.
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    static constexpr milliseconds kGraceTime{500};

    /// SIGKILL. The exit handler is still called, unless the process hangs inside a driver.
    void kill();
    [[nodiscard]] bool wasKilled() const { return wasKilled_; }
    [[nodiscard]] pid_t pid() const { return pid_; }

  private:
    ChildProcess(pid_t pid, UniqueFd handle) : pid_(pid), handle_(std::move(handle)) {}
    void reap();
    std::optional<ExitStatus> tryReap();
    bool waitForExit(milliseconds limit) const;

    pid_t pid_;
    UniqueFd handle_;  ///< pidfd: names this very process, even after its number has been given to another
    bool isReaped_ = false;
    bool wasKilled_ = false;
    ExitHandler exited_;
    std::unique_ptr<FdWatch> watch_;
};

}  // namespace edge
