// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace edge {

/// A directory of the test's own, gone with its owner. Throws std::system_error.
class TempDir {
  public:
    TempDir();
    ~TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }
    /// Writes a file with mode 0600; returns its path.
    std::string write(std::string_view name, std::string_view content) const;

  private:
    std::string path_;
};

}  // namespace edge
