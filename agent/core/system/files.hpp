// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
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

/// The kind of an errno value.
[[nodiscard]] Errc errcOf(int systemError);

/// `return failSystem("cannot open /dev/x", errno)` from any function that returns a Result: with the kind and the text
/// of the errno value.
[[nodiscard]] tl::unexpected<Error> failSystem(std::string_view what, int systemError);

/// Reads until the file ends or `size` bytes are there, whatever signals interrupt it. How many; -1 with errno on an
/// error. Blocks.
[[nodiscard]] ssize_t readAll(int fd, char* data, std::size_t size);

/// What a file has from here on, but no more than `limit` bytes, in the memory that it needs. nullopt with errno on an
/// error. Blocks.
[[nodiscard]] std::optional<std::string> readUpTo(int fd, std::size_t limit);

/// Writes all of `content`, whatever signals interrupt it. 0, or the errno of the write that failed. Blocks.
[[nodiscard]] int writeAll(int fd, std::string_view content);

/// The whole of a file (a sysfs attribute, a password, a picture). At most `maxBytes`; more is Errc::kTooLarge. Takes
/// memory for what there is. The message names the path and the reason. Blocks: call on a strand where the file is a
/// device's.
Result<std::string> readSmallFile(const std::string& path, std::size_t maxBytes = 4096);

/// The text of a file of /sys, /proc or the device tree: trimmed, without the NUL that ends strings of the latter; ""
/// where it cannot be read.
[[nodiscard]] std::string readText(const std::string& path);

/// Replaces a file as a whole, keeping owner and mode; follows links; writes to what is no regular file, like a device.
Result<void> replaceFile(const std::string& path, std::string_view content);

}  // namespace edge
