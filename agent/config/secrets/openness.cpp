// SPDX-License-Identifier: MIT
#include "config/secrets/openness.hpp"

#include <fmt/core.h>

namespace edge {

std::string complaintOfOpenness(const RegularFile& file, const std::string& path, SecretPlace place, uid_t reader) {
    const mode_t forbidden = place == SecretPlace::kCredential ? 0037 : 0077;
    if ((file.mode & forbidden) != 0) {
        return fmt::format(
            "{} has mode {:04o}, others than its owner can use it; allowed: 0400 or 0600, so run: chmod 600 {}", path,
            file.mode, path);
    }
    // Root looks at it for the service, whose user owns it and is not known here.
    if (file.owner != 0 && file.owner != reader && reader != 0) {
        return fmt::format("{} belongs to user {}; allowed: root or user {}, so run: chown {} {}", path, file.owner,
                           reader, reader, path);
    }
    return "";
}

}  // namespace edge
