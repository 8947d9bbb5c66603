// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "core/result.hpp"

namespace edge {

/// A file descriptor, closed with its owner. -1 is none.
class UniqueFd {
  public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        if (this != &other) reset(other.release());
        return *this;
    }
    ~UniqueFd() { reset(); }

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }
    int release() {
        int fd = fd_;
        fd_ = -1;
        return fd;
    }
    void reset(int fd = -1);

  private:
    int fd_ = -1;
};

/// The whole of a small text file (a sysfs attribute, a password). At most `maxBytes`; more is Errc::kTooLarge. The
/// message names the path and the reason. Blocks: call on a strand where the file is a device's.
Result<std::string> readSmallFile(const std::string& path, std::size_t maxBytes = 4096);

/// Replaces a file as a whole, keeping owner and mode; follows links; writes to what is no regular file, like a device.
Result<void> replaceFile(const std::string& path, std::string_view content);

}  // namespace edge
