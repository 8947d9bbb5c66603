// SPDX-License-Identifier: MIT
#include "journal/store/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include <fmt/core.h>

#include "core/text.hpp"

namespace edge {
namespace {

constexpr mode_t kMode = 0640;
constexpr std::string_view kClosed = "closed";

std::string readWord(int fd) {
    std::array<char, 32> buffer{};
    const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), 0);
    return got <= 0 ? std::string() : std::string(trim(std::string_view(buffer.data(), static_cast<std::size_t>(got))));
}

bool writeWord(int fd, std::string_view word) {
    const std::string line = fmt::format("{}\n", word);
    return ::ftruncate(fd, 0) == 0 && ::pwrite(fd, line.data(), line.size(), 0) > 0;
}

}  // namespace

Result<JournalLock> JournalLock::take(const std::string& journalPath) {
    const std::string path = journalPath + ".lock";
    constexpr int kFlags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    JournalLock lock;
    lock.file_.reset(::open(path.c_str(), O_RDWR | O_CREAT | kFlags, kMode));
    if (!lock.file_) lock.file_.reset(::open(path.c_str(), O_RDONLY | kFlags));
    if (!lock.file_) return lock;

    if (::flock(lock.file_.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return JournalLock();  // a file system that knows no locks
        const std::string pid = readWord(lock.file_.get());
        return fail(Errc::kBusy,
                    fmt::format("the journal {} is in use by the agent with pid {}: stop that one first, or "
                                "set another journal.path",
                                journalPath, pid.empty() ? "(unknown)" : pid));
    }
    lock.wasClosed_ = readWord(lock.file_.get()) == kClosed;
    if (writeWord(lock.file_.get(), std::to_string(::getpid()))) {
        ::fsync(lock.file_.get());  // or a power cut could bring back the last owner's word that all is well
    }
    return lock;
}

void JournalLock::markClosed() {
    // Should this not reach the disk, the next start checks once more than it must.
    if (file_) writeWord(file_.get(), kClosed);
}

}  // namespace edge
