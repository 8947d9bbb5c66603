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
    bool isOnFat = false;  ///< a memory card's boot partition: files have no owner and mode of their own
};

/// Reads only a regular file of at most `maxBytes`: a FIFO or device could block or never end. The error says why not,
/// without the path. Type, owner and mode are those of the open descriptor, so nobody can exchange the file in between.
Result<RegularFile> readRegularFile(const std::string& path, std::size_t maxBytes);

enum class SecretPlace {
    kFile,
    /// systemd keeps its directory of credentials to the service and admits it by an ACL, whose mask looks like a
    /// permission of the group.
    kCredential,
};

/// Why the permissions of `file` at `path` are too open for a secret that user `reader` reads, and how to fix them; ""
/// if they are not.
std::string validatePermissions(const RegularFile& file, const std::string& path, SecretPlace place, uid_t reader);

}  // namespace edge
