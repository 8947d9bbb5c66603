// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>

#include "core/result.hpp"

namespace edge {

/// A whole file with the owner and mode that it had when it was opened.
struct RegularFile {
    std::string content;
    uid_t owner = 0;
    mode_t mode = 0;
};

/// Only a regular file of at most `maxBytes`: a FIFO or device could block or never end. The error says why not,
/// without the path. Checked on the open descriptor, so that nobody can exchange the file in between.
Result<RegularFile> readRegularFile(const std::string& path, std::size_t maxBytes);

}  // namespace edge
