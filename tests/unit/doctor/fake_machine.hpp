// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "doctor/machine.hpp"
#include "fakes/temp_dir.hpp"

namespace edge {

/// A machine of files below a folder of the test's own.
class FakeMachine {
  public:
    [[nodiscard]] Machine machine() const { return Machine(root_.path().string()); }

    void write(const std::string& path, const std::string& content) const {
        const std::string full = make(path);
        std::ofstream(full) << content;
    }
    void link(const std::string& path, const std::string& target) const {
        std::filesystem::create_symlink(target, make(path));
    }

  private:
    [[nodiscard]] std::string make(const std::string& path) const {
        const std::string full = root_.path().string() + path;
        std::filesystem::create_directories(std::filesystem::path(full).parent_path());
        return full;
    }

    TempDir root_;
};

}  // namespace edge
