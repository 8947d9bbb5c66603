// SPDX-License-Identifier: MIT
#include "config/secrets/secret_file.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cerrno>

#include <fmt/core.h>

#include "core/system/files.hpp"

namespace edge {

Result<RegularFile> readRegularFile(const std::string& path, std::size_t maxBytes) {
    if (path.find('\0') != std::string::npos) return fail(Errc::kInvalid, "cannot be opened: the path has a NUL");
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file) return failSystem("cannot be opened", errno);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return failSystem("cannot be examined", errno);
    if (S_ISDIR(status.st_mode)) return fail(Errc::kInvalid, "is a directory, not a file");
    if (!S_ISREG(status.st_mode)) return fail(Errc::kInvalid, "is not a regular file");

    struct statfs system {};
    const bool isOnFat = ::fstatfs(file.get(), &system) == 0 &&
                         (system.f_type == MSDOS_SUPER_MAGIC || system.f_type == EXFAT_SUPER_MAGIC);
    auto content = readUpTo(file.get(), maxBytes + 1);
    if (!content) return failSystem("cannot be read", errno);
    if (content->size() > maxBytes) return fail(Errc::kTooLarge, fmt::format("is larger than {} KiB", maxBytes / 1024));
    return RegularFile{*std::move(content), status.st_uid, status.st_mode & ALLPERMS, isOnFat};
}

std::string validatePermissions(const RegularFile& file, const std::string& path, SecretPlace place, uid_t reader) {
    const mode_t forbidden = place == SecretPlace::kCredential ? 0037 : 0077;
    if ((file.mode & forbidden) != 0 && file.isOnFat) {
        return fmt::format(
            "{} is on a FAT file system, where other users can use it; allowed: a file on another one, so run: "
            "install -m 600 {} /etc/pi-edge-agent/",
            path, path);
    }
    if ((file.mode & forbidden) != 0) {
        return fmt::format("{} has mode {:04o}, so other users can use it; allowed: 0400 or 0600, so run: chmod 600 {}",
                           path, file.mode, path);
    }
    // Root checks it for the service, whose user owns it and is not known here.
    if (file.owner != 0 && file.owner != reader && reader != 0) {
        return fmt::format("{} belongs to user {}; allowed: root or user {}, so run: chown {} {}", path, file.owner,
                           reader, reader, path);
    }
    return "";
}

}  // namespace edge
