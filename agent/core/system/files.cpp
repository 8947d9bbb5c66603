// SPDX-License-Identifier: MIT
#include "core/system/files.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <fmt/core.h>

#include "core/text.hpp"

namespace edge {
namespace {

/// `path`, or what it leads to where it is a symbolic link, also one to a file that is not there yet.
std::string followLinks(const std::string& path) {
    constexpr int kMostLinks = 40;  // as the kernel
    std::filesystem::path target(path);
    for (int links = 0; links < kMostLinks; ++links) {
        std::error_code error;
        const auto next = std::filesystem::read_symlink(target, error);
        if (error) break;
        target = next.is_absolute() ? next : target.parent_path() / next;
    }
    return target.string();
}

/// Whether `path` is the file `status`: a link of /proc may name one that was deleted, or no file at all.
bool isAt(const std::string& path, const struct stat& status) {
    struct stat there {};
    return ::lstat(path.c_str(), &there) == 0 && there.st_dev == status.st_dev && there.st_ino == status.st_ino;
}

/// Writes a new file next to `path` and moves it there. `old` is what it replaces, whose owner and mode it takes. 0 or
/// errno.
int replaceRegular(const std::string& path, const struct stat* old, std::string_view content) {
    // A name that nobody else in this process has, of a file made here: nobody can put a link in its way. What has that
    // name already was left behind by a power cut.
    static std::atomic<unsigned> count{0};
    const std::string temporary =
        fmt::format("{}.pi-edge-{}-{}.part", path.substr(0, path.rfind('/') + 1), ::getpid(), count++);
    ::unlink(temporary.c_str());
    const UniqueFd file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (!file) return errno;
    int error = 0;
    const auto check = [&error](int result) {
        if (result != 0 && error == 0) error = errno;
    };
    if (old != nullptr) {
        check(::fchown(file.get(), old->st_uid, old->st_gid));
        check(::fchmod(file.get(), old->st_mode & ALLPERMS));
    }
    if (error == 0) error = writeAll(file.get(), content);
    if (error == 0 && ::fsync(file.get()) != 0 && errno != EINVAL) error = errno;  // EINVAL: a file system without it
    if (error == 0) check(::rename(temporary.c_str(), path.c_str()));
    if (error != 0) ::unlink(temporary.c_str());
    return error;
}

/// Where the file cannot be exchanged: its directory or its owner does not allow it, or it is a mount. 0 or errno.
int overwrite(int fd, std::string_view content) {
    if (::ftruncate(fd, 0) != 0) return errno;
    return writeAll(fd, content);
}

}  // namespace

void UniqueFd::reset(int fd) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
}

Errc errcOf(int systemError) {
    switch (systemError) {
        case ENOENT:
        case ENODEV:
        case ENXIO:
        case ENOTDIR:
            return Errc::kNotFound;
        case EACCES:
        case EPERM:
        case EROFS:
            return Errc::kPermission;
        case EBUSY:
            return Errc::kBusy;
        default:
            return Errc::kIo;
    }
}

tl::unexpected<Error> failSystem(std::string_view what, int systemError) {
    return fail(errcOf(systemError), fmt::format("{}: {}", what, std::generic_category().message(systemError)));
}

ssize_t readAll(int fd, char* data, std::size_t size) {
    std::size_t filled = 0;
    while (filled < size) {
        const ssize_t got = ::read(fd, data + filled, size - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    return static_cast<ssize_t>(filled);
}

int writeAll(int fd, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written >= 0) {
            content.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {  // a pipe whose other side made it non-blocking
            pollfd waiting{fd, POLLOUT, 0};
            ::poll(&waiting, 1, -1);
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

std::optional<std::string> readUpTo(int fd, std::size_t limit) {
    constexpr std::size_t kFirstBytes = 4096 + 1;  // a sysfs attribute comes whole, with one read
    std::string content;
    std::size_t filled = 0;
    while (filled == content.size() && filled < limit) {
        content.resize(std::min(std::max(2 * filled, kFirstBytes), limit));
        const ssize_t got = readAll(fd, content.data() + filled, content.size() - filled);
        if (got < 0) return std::nullopt;
        filled += static_cast<std::size_t>(got);
    }
    content.resize(filled);
    return content;
}

Result<std::string> readSmallFile(const std::string& path, std::size_t maxBytes) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return failSystem("cannot open " + path, errno);
    auto content = readUpTo(file.get(), maxBytes + 1);
    if (!content) return failSystem("cannot read " + path, errno);
    if (content->size() > maxBytes)
        return fail(Errc::kTooLarge, fmt::format("{} is larger than {} bytes", path, maxBytes));
    return *std::move(content);
}

std::string readText(const std::string& path) {
    constexpr std::size_t kMaxBytes = std::size_t{64} << 10;
    const auto content = readSmallFile(path, kMaxBytes);
    return content ? std::string(trim(content->substr(0, content->find('\0')))) : "";
}

// A regular file is replaced as a whole, and keeps its owner and mode: a reader sees the old one or the new one, never
// half of it. Where the directory does not allow that, or the file has several names, it is written in place. Symbolic
// links are followed. What is no regular file (a device, a pipe) is written to.
Result<void> replaceFile(const std::string& path, std::string_view content) {
    // Opened first: the kernel follows the links that this user may follow, and says what is there and whether it may
    // be written. Opening a pipe waits for its reader.
    const UniqueFd existing(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    if (!existing && errno != ENOENT) return failSystem("cannot write " + path, errno);
    struct stat status {};
    if (existing && ::fstat(existing.get(), &status) != 0) return failSystem("cannot write " + path, errno);
    if (existing && !S_ISREG(status.st_mode)) {
        const int error = writeAll(existing.get(), content);
        return error == 0 ? Result<void>() : failSystem("cannot write " + path, error);
    }
    const std::string target = followLinks(path);
    // A second name of the same file would keep the old content.
    const bool canMove = !existing || (status.st_nlink == 1 && isAt(target, status));
    int error = canMove ? replaceRegular(target, existing ? &status : nullptr, content) : EBUSY;
    const bool mustStay = error == EACCES || error == EPERM || error == EBUSY;
    if (existing && mustStay) error = overwrite(existing.get(), content);
    return error == 0 ? Result<void>() : failSystem("cannot write " + path, error);
}

}  // namespace edge
