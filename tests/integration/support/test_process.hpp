// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "core/time/time.hpp"

namespace edge {

/// A program the test started; killed with its owner, and by the kernel should the test die first. Its output (both
/// streams) goes to a file.
class TestProcess {
  public:
    /// `argv[0]` is looked up in PATH, then in the sbin directories. Throws std::system_error when it cannot be
    /// started.
    TestProcess(const std::vector<std::string>& argv, const std::string& outputFile);
    ~TestProcess();
    TestProcess(const TestProcess&) = delete;
    TestProcess& operator=(const TestProcess&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    /// The exit code (128 + signal when killed) once it has ended; waits for that at most `limit`.
    std::optional<int> wait(milliseconds limit);
    /// Sends `signal` and waits up to 10 s for the end; SIGKILL after that. Returns the exit code.
    int end(int signal);
    void signal(int number) const;

  private:
    pid_t pid_ = -1;
    std::optional<int> exitCode_;
};

/// Runs a program to its end. Returns its exit code; its output in `output` when given.
int runProgram(const std::vector<std::string>& argv, std::string* output = nullptr, milliseconds limit = seconds{30});

/// The whole file, "" when there is none.
std::string readWholeFile(const std::string& path);

}  // namespace edge
