// SPDX-License-Identifier: MIT
#include "journal/store/journal_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/core.h>

#include "core/system/files.hpp"
#include "journal/store/schema.hpp"
#include "journal/store/set_aside.hpp"

namespace edge {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFileMode = 0640;
constexpr mode_t kDirectoryMode = 0750;
constexpr std::int64_t kAlwaysChecked = 8 << 20;
constexpr seconds kCheckLimit{3};
constexpr seconds kRescueLimit{3};
constexpr std::size_t kMaxRescuedReadings = 100'000;

tl::unexpected<Error> cannotMake(const std::string& path, int error) {
    const bool isPermission = error == EACCES || error == EPERM || error == EROFS;
    const Errc code = error == ENOSPC || error == EDQUOT ? Errc::kTooLarge
                      : isPermission                     ? Errc::kPermission
                      : error == ENOENT                  ? Errc::kNotFound
                                                         : Errc::kIo;
    return fail(code, fmt::format("cannot make {}: {}", path, std::generic_category().message(error)));
}

std::string directoryOf(const std::string& path) {
    const fs::path parent = fs::path(path).parent_path();
    return parent.empty() ? "." : parent.string();
}

void removeWithCompanions(const std::string& path) {
    std::error_code ignored;
    for (const char* suffix : {"", "-journal", "-wal", "-shm"}) fs::remove(path + suffix, ignored);
}

/// `path` is an empty database after this, with the mode it shall have.
Result<void> makeEmptyFile(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode));
    if (!file) return cannotMake(path, errno);
    // Whatever the umask: the group may read, with `pi-edge-agent journal`.
    if (::fchmod(file.get(), kFileMode) != 0) return cannotMake(path, errno);
    return {};
}

/// Makes the journal under another name, and moves it to `path` when it is complete: a start that is cut short leaves
/// no half of one.
Result<void> makeFile(const std::string& path) {
    const std::string fresh = path + ".new";
    removeWithCompanions(fresh);
    auto done = [&]() -> Result<void> {
        if (auto made = makeEmptyFile(fresh); !made) return made;
        auto db = Database::open(fresh, Access::kWriter);
        if (!db) return tl::unexpected<Error>(db.error());
        return createJournal(*db);
    }();
    if (!done) {
        removeWithCompanions(fresh);
        return done;
    }
    if (::rename(fresh.c_str(), path.c_str()) != 0) return cannotMake(path, errno);
    const UniqueFd directory(::open(directoryOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory) ::fsync(directory.get());  // the new name, too, must outlive a power cut
    return {};
}

tl::unexpected<Error> unusable(const std::string& reason) {
    return fail(Errc::kFault, reason);
}

/// kFault: what is there cannot be used, and may be set aside.
Result<JournalFile> tryOpen(const FileHistory& history, JournalEssence& essence) {
    const auto report = inspectJournalFile(history.path);
    if (!report) return tl::unexpected<Error>(report.error());
    if (report->verdict == FileVerdict::kUnusable) return unusable(report->reason);
    if (report->verdict == FileVerdict::kMissing) {
        if (hasOrphanedFiles(history.path)) return unusable("its write-ahead log was there without the database");
        if (auto made = makeFile(history.path); !made) return tl::unexpected<Error>(made.error());
    }
    auto db = Database::open(history.path, Access::kWriter);
    if (!db) return tl::unexpected<Error>(db.error());
    if (auto done = prepareJournal(*db); !done) return tl::unexpected<Error>(done.error());

    const bool isLarge = journalFileBytes(history.path) >= kAlwaysChecked;
    if (!isLarge || !history.wasClosed || history.isSuspect) {
        if (auto sound = db->check(kCheckLimit); !sound) return tl::unexpected<Error>(sound.error());
    }
    if (history.isSuspect) {
        // Pages that a failed fsync left in the cache count as clean there and may never reach the disk: written once
        // more, they are dirty again.
        if (auto moved = db->execute("PRAGMA wal_checkpoint(TRUNCATE)"); !moved)
            return tl::unexpected<Error>(moved.error());
    }

    const bool hadEssence = !essence.isEmpty();
    const auto loaded = loadEssence(*db, essence);
    if (!loaded) return tl::unexpected<Error>(loaded.error());
    if ((hadEssence || loaded->corruptRows > 0) && !db->isReadOnly()) {
        if (auto done = writeEssence(*db, essence); !done) return tl::unexpected<Error>(done.error());
        if (auto done = writeNextId(*db, loaded->nextId); !done) return tl::unexpected<Error>(done.error());
        essence.rescuedReadings.clear();
    }
    const auto undelivered = countUndelivered(*db);
    if (!undelivered) return tl::unexpected<Error>(undelivered.error());
    const auto lastReading = db->integer("SELECT max(id) FROM readings");
    if (!lastReading) return tl::unexpected<Error>(lastReading.error());
    return JournalFile{std::move(*db), std::max(loaded->nextId, *lastReading + 1), *undelivered, loaded->corruptRows,
                       ""};
}

/// Whatever can be read and has a right checksum. Damage ends each part early, never the start of the agent.
void rescue(const std::string& aside, JournalEssence& essence) {
    const auto report = inspectJournalFile(aside);
    if (!report || (report->verdict == FileVerdict::kUnusable && !fs::is_regular_file(aside))) return;
    auto db = Database::open(aside, Access::kRescuer);
    if (!db) return;
    db->setDeadline(kRescueLimit);
    loadEssence(*db, essence);
    ReadOutcome found;
    readUndelivered(*db, 0, kMaxRescuedReadings, found);
    essence.rescuedReadings = std::move(found.readings);
}

}  // namespace

Result<void> makeJournalDirectory(const std::string& path) {
    const std::string directory = directoryOf(path);
    if (::mkdir(directory.c_str(), kDirectoryMode) == 0 || errno == EEXIST) return {};
    const int error = errno;
    std::error_code ignored;
    if (fs::is_directory(directory, ignored)) return {};  // a read-only file system says so before it says "exists"
    return cannotMake(directory, error);
}

Result<JournalFile> openJournalFile(const FileHistory& history, JournalEssence& essence) {
    std::string damage = history.damage;
    if (damage.empty()) {
        auto opened = tryOpen(history, essence);
        if (opened || opened.error().code != Errc::kFault) return opened;
        damage = opened.error().message;
    }
    const auto aside = setJournalAside(history.path);
    if (!aside) return fail(aside.error().code, fmt::format("{}, though {}", aside.error().message, damage));
    rescue(*aside, essence);
    const std::string rescued =
        fmt::format("{} states, {} transactions and {} undelivered readings", essence.state.size(),
                    essence.transactions.size(), essence.rescuedReadings.size());
    FileHistory nothing;
    nothing.path = history.path;
    auto opened = tryOpen(nothing, essence);
    if (!opened) return opened;
    opened->warning = fmt::format(
        "the journal {} could not be used ({}): it was renamed to {}, and a new one was started "
        "with what could be rescued: {}",
        history.path, damage, *aside, rescued);
    return opened;
}

std::int64_t journalFileBytes(const std::string& path) {
    std::int64_t bytes = 0;
    for (const std::string& file : {path, path + "-wal"}) {
        struct stat info {};
        if (::stat(file.c_str(), &info) == 0) bytes += info.st_size;
    }
    return bytes;
}

}  // namespace edge
