// SPDX-License-Identifier: MIT
#include "config/secrets/secret_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <fmt/core.h>

#include "core/system/files.hpp"

namespace edge {
namespace {

tl::unexpected<Error> failedTo(const char* what, int error) {
    const Errc code = error == ENOENT ? Errc::kNotFound : error == EACCES ? Errc::kPermission : Errc::kIo;
    return fail(code, fmt::format("cannot be {}: {}", what, std::generic_category().message(error)));
}

}  // namespace

Result<RegularFile> readRegularFile(const std::string& path, std::size_t maxBytes) {
    if (path.find('\0') != std::string::npos) return fail(Errc::kInvalid, "cannot be opened: the path has a NUL");
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file) return failedTo("opened", errno);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return failedTo("examined", errno);
    if (S_ISDIR(status.st_mode)) return fail(Errc::kInvalid, "is a directory, not a file");
    if (!S_ISREG(status.st_mode)) return fail(Errc::kInvalid, "is not a regular file");

    RegularFile read{std::string(maxBytes + 1, '\0'), status.st_uid, status.st_mode & ALLPERMS};
    std::size_t filled = 0;
    while (filled < read.content.size()) {
        const ssize_t got = ::read(file.get(), read.content.data() + filled, read.content.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failedTo("read", errno);
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    if (filled > maxBytes) return fail(Errc::kTooLarge, fmt::format("is larger than {} KiB", maxBytes / 1024));
    read.content.resize(filled);
    return read;
}

std::string validatePermissions(const RegularFile& file, const std::string& path, SecretPlace place, uid_t reader) {
    const mode_t forbidden = place == SecretPlace::kCredential ? 0037 : 0077;
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
