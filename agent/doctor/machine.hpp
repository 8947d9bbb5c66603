// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/time/time.hpp"

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

/// The result of `work`, which runs on a thread of its own; nullopt where it takes longer than `limit`. A driver that
/// hangs cannot be stopped: the thread is then left behind until the program ends, so `work` holds what it uses.
template <typename T>
std::optional<T> within(milliseconds limit, std::function<T()> work) {
    auto task = std::make_shared<std::packaged_task<T()>>(std::move(work));
    std::future<T> result = task->get_future();
    std::thread([task] { (*task)(); }).detach();
    if (result.wait_for(limit) != std::future_status::ready) return std::nullopt;
    return result.get();
}

}  // namespace edge
