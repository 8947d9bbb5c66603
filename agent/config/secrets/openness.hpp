// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <string>

#include "config/secrets/regular_file.hpp"

namespace edge {

enum class SecretPlace {
    kFile,
    /// systemd keeps its directory of credentials to the service and admits it by an ACL, whose mask looks like a
    /// permission of the group.
    kCredential,
};

/// Why `file`, found at `path` by the user `reader`, is no place for a secret, and how to repair it; "" where it is
/// one.
std::string complaintOfOpenness(const RegularFile& file, const std::string& path, SecretPlace place, uid_t reader);

}  // namespace edge
