// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace edge {

/// What is looked at of the machine, below `root` ("" outside tests). Thread: any; blocks.
class Machine {
  public:
    explicit Machine(std::string root = "") : root_(std::move(root)) {}

    [[nodiscard]] std::string path(const std::string& absolute) const { return root_ + absolute; }
    [[nodiscard]] bool exists(const std::string& absolute) const;
    /// Trimmed; nullopt where it cannot be read.
    [[nodiscard]] std::optional<std::string> read(const std::string& absolute) const;
    /// Absolute paths of the entries of `folder` whose names begin with `prefix`, sorted by name.
    [[nodiscard]] std::vector<std::string> list(const std::string& folder, const std::string& prefix) const;

    /// "motion (pid 812)" for each process that has one of `paths` open, save those named in `except`. Sees every
    /// process as root only.
    [[nodiscard]] std::vector<std::string> usersOf(const std::vector<std::string>& paths,
                                                   const std::vector<std::string>& except) const;
    /// Name of the process, "" where there is none.
    [[nodiscard]] std::string processName(pid_t pid) const;

    /// Where a Pi's firmware reads its settings: "/boot/firmware/config.txt", or "/boot/config.txt" on older systems;
    /// nullopt where there is none.
    [[nodiscard]] std::optional<std::string> firmwareConfig() const;
    /// Whether a line of it begins with `setting`, comments left out.
    [[nodiscard]] bool hasFirmwareSetting(const std::string& setting) const;

  private:
    std::string root_;
};

/// What a program prints; nullopt where it cannot be run or fails. `arguments[0]` is looked for in $PATH.
std::optional<std::string> outputOf(const std::vector<std::string>& arguments);

}  // namespace edge
