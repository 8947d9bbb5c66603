// SPDX-License-Identifier: MIT
#include "core/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fmt/core.h>

namespace edge {
namespace {

Errc classify(int error) {
    switch (error) {
        case ENOENT:
        case ENODEV:
        case ENXIO:
        case ENOTDIR:
            return Errc::kNotFound;
        case EACCES:
        case EPERM:
            return Errc::kPermission;
        case EBUSY:
            return Errc::kBusy;
        default:
            return Errc::kIo;
    }
}

tl::unexpected<Error> failedTo(const char* what, const std::string& path, int error) {
    return fail(classify(error), fmt::format("cannot {} {}: {}", what, path, std::generic_category().message(error)));
}

}  // namespace

void UniqueFd::reset(int fd) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
}

Result<std::string> readSmallFile(const std::string& path, std::size_t maxBytes) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return failedTo("open", path, errno);

    std::string content(maxBytes + 1, '\0');
    std::size_t filled = 0;
    while (filled < content.size()) {
        const ssize_t got = ::read(file.get(), content.data() + filled, content.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failedTo("read", path, errno);
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    if (filled > maxBytes) return fail(Errc::kTooLarge, fmt::format("{} is larger than {} bytes", path, maxBytes));
    content.resize(filled);
    return content;
}

Result<void> replaceFile(const std::string& path, std::string_view content) {
    const std::string temporary = path + ".part";
    UniqueFd file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!file) return failedTo("write", temporary, errno);
    int error = 0;
    for (std::string_view rest = content; !rest.empty() && error == 0;) {
        const ssize_t written = ::write(file.get(), rest.data(), rest.size());
        if (written >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno != EINTR) {
            error = errno;
        }
    }
    if (error == 0 && ::fsync(file.get()) != 0 && errno != EINVAL) error = errno;  // EINVAL: a pipe or device
    if (error == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
    if (error == 0) return {};
    ::unlink(temporary.c_str());
    return failedTo("write", path, error);
}

}  // namespace edge
