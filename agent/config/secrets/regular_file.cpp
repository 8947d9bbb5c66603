// SPDX-License-Identifier: MIT
#include "config/secrets/regular_file.hpp"

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
    if (path.find('\0') != std::string::npos) return fail(Errc::kInvalid, "cannot be opened: the path holds a NUL");
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

}  // namespace edge
