// SPDX-License-Identifier: MIT
#include "journal/store/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>

#include <fmt/core.h>

#include "core/text.hpp"
#include "journal/store/schema.hpp"

namespace edge {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFileMode = 0640;
constexpr mode_t kDirectoryMode = 0750;
constexpr std::array<const char*, 3> kCompanions{"-wal", "-shm", "-journal"};
constexpr std::size_t kKeptInQuarantine = 2;

// SQLite's file format, 1.3
constexpr std::size_t kHeaderBytes = 100;
constexpr std::size_t kWriteVersionOffset = 18;
constexpr unsigned char kNewestWriteVersion = 2;  // SQLite opens a file with a newer one, but does not write it
constexpr std::size_t kApplicationIdOffset = 68;
constexpr char kMagic[] = "SQLite format 3";  // with its NUL

tl::unexpected<Error> cannotMake(const std::string& path, int error) {
    const bool isFull = error == ENOSPC || error == EDQUOT;
    auto failure = failSystem("cannot make " + path, error);
    if (isFull) failure.value().code = Errc::kTooLarge;
    if (error == EBUSY) failure.value().code = Errc::kIo;  // a mount point; kBusy stands for another agent
    return failure;
}

std::string directoryOf(const std::string& path) {
    const fs::path parent = fs::path(path).parent_path();
    return parent.empty() ? "." : parent.string();
}

bool exists(const std::string& path) {
    std::error_code ignored;
    return fs::symlink_status(path, ignored).type() != fs::file_type::not_found;
}

std::int64_t bigEndian(const unsigned char* bytes) {
    std::int64_t value = 0;
    for (int i = 0; i < 4; ++i) value = value * 256 + bytes[i];
    return value;
}

std::string quarantineName(const std::string& path, unsigned number) {
    return fmt::format("{}.corrupt-{}", path, number);
}

/// The numbers in use.
std::set<unsigned> quarantineNumbers(const std::string& path) {
    std::set<unsigned> numbers;
    const std::string prefix = fs::path(path).filename().string() + ".corrupt-";
    std::error_code error;
    for (fs::directory_iterator entry(directoryOf(path), error), end; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (!name.starts_with(prefix)) continue;
        const std::string digits = name.substr(prefix.size(), name.find('-', prefix.size()) - prefix.size());
        if (const auto number = parseNumber<unsigned>(digits)) numbers.insert(*number);
    }
    return numbers;
}

}  // namespace

Result<void> makeJournalDirectory(const std::string& path) {
    const std::string directory = directoryOf(path);
    if (::mkdir(directory.c_str(), kDirectoryMode) == 0 || errno == EEXIST) return {};
    const int error = errno;
    std::error_code ignored;
    if (fs::is_directory(directory, ignored)) return {};  // a read-only file system fails with EROFS before EEXIST
    return cannotMake(directory, error);
}

Result<bool> isJournalFile(const std::string& path) {
    struct stat info {};
    for (const char* companion : kCompanions) {
        if (::stat((path + companion).c_str(), &info) == 0 && !S_ISREG(info.st_mode))
            return fail(Errc::kFault, fmt::format("its {} is not a file", companion));
    }
    if (::stat(path.c_str(), &info) != 0) {
        if (errno == ENOENT) return false;
        if (errno == ELOOP) return fail(Errc::kFault, "it is a symbolic link to itself");
        return failSystem("cannot read " + path, errno);
    }
    if (S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode))
        return fail(Errc::kInvalid, fmt::format("journal.path {} is a device: set it to a file", path));
    if (S_ISDIR(info.st_mode)) return fail(Errc::kFault, "it is a directory");
    if (!S_ISREG(info.st_mode)) return fail(Errc::kFault, "it is not a regular file");
    if (info.st_size == 0) return false;

    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return failSystem("cannot read " + path, errno);
    std::array<unsigned char, kHeaderBytes> header{};
    const ssize_t got = ::pread(file.get(), header.data(), header.size(), 0);
    if (got < 0) return fail(Errc::kFault, "its first block cannot be read");
    if (static_cast<std::size_t>(got) < header.size() || std::memcmp(header.data(), kMagic, sizeof kMagic) != 0)
        return fail(Errc::kFault, "it is not a SQLite database");
    if (bigEndian(&header[kApplicationIdOffset]) != kApplicationId)
        return fail(Errc::kFault, "it is a database of another program");
    if (header[kWriteVersionOffset] > kNewestWriteVersion)
        return fail(Errc::kFault, "its header forbids SQLite to write it");
    return true;
}

Result<void> makeEmptyFile(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode));
    if (!file || ::fchmod(file.get(), kFileMode) != 0) return cannotMake(path, errno);
    return {};
}

Result<void> publishFile(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) return cannotMake(to, errno);
    const UniqueFd directory(::open(directoryOf(to).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory) ::fsync(directory.get());
    return {};
}

void removeJournalFile(const std::string& path) {
    std::error_code ignored;  // fs::remove keeps a directory that is not empty: it may hold a user's files
    fs::remove(path, ignored);
    for (const char* companion : kCompanions) fs::remove(path + companion, ignored);
}

Result<std::string> quarantine(const std::string& path) {
    std::set<unsigned> numbers = quarantineNumbers(path);
    const std::string aside = quarantineName(path, numbers.empty() ? 1 : *numbers.rbegin() + 1);
    std::error_code error;
    // The companions first: after an interruption the next start quarantines a WAL without its database, while SQLite
    // would apply an old WAL to a new database.
    for (const char* suffix : {"-wal", "-shm", "-journal", ""}) {
        if (!error && exists(path + suffix)) fs::rename(path + suffix, aside + suffix, error);
    }
    if (error) return fail(Errc::kPermission, fmt::format("cannot rename {} to {}: {}", path, aside, error.message()));
    for (; numbers.size() >= kKeptInQuarantine; numbers.erase(numbers.begin()))
        removeJournalFile(quarantineName(path, *numbers.begin()));
    return aside;
}

bool hasOrphanedFiles(const std::string& path) {
    const auto hasContent = [](const std::string& file) {
        std::error_code error;
        return fs::file_size(file, error) > 0 && !error;
    };
    return hasContent(path + "-wal") || hasContent(path + "-journal");
}

std::int64_t journalFileBytes(const std::string& path) {
    std::int64_t bytes = 0;
    for (const std::string& file : {path, path + "-wal"}) {
        struct stat info {};
        if (::stat(file.c_str(), &info) == 0) bytes += info.st_size;
    }
    return bytes;
}

Result<UniqueFd> lockJournal(const std::string& journalPath) {
    const std::string path = journalPath + ".lock";
    constexpr int kFlags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | kFlags, kFileMode));
    if (!file) file.reset(::open(path.c_str(), O_RDONLY | kFlags));
    if (!file) return file;

    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return UniqueFd();  // a file system without locks
        const auto pid = readSmallFile(path, 32);
        return fail(Errc::kBusy,
                    fmt::format("the journal {} is in use by the agent with pid {}: stop that one first, or "
                                "set another journal.path",
                                journalPath, pid && !pid->empty() ? trim(*pid) : "(unknown)"));
    }
    // A full disk leaves it empty: the message above has no pid then.
    const std::string pid = fmt::format("{}\n", ::getpid());
    if (::ftruncate(file.get(), 0) == 0) (void)writeAll(file.get(), pid);
    return file;
}

}  // namespace edge
