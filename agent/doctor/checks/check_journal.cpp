// SPDX-License-Identifier: MIT
#include <chrono>
#include <filesystem>
#include <system_error>

#include <fmt/core.h>

#include "doctor/checks/checks.hpp"
#include "journal/reader.hpp"
#include "services/capture/picture_store.hpp"

namespace edge {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCheck = "journal";
constexpr std::size_t kRowsAtOnce = 1024;
constexpr seconds kRowsLimit{20};
constexpr std::uint64_t kMebi = 1 << 20;
/// Below this a full disk is a matter of days, whatever else writes to it.
constexpr std::uint64_t kTight = 64 * kMebi;

/// The first folder above `path` that is there.
std::string existingFolder(const std::string& path) {
    std::error_code error;
    fs::path folder = fs::absolute(path, error).parent_path();
    while (!fs::exists(folder, error) && folder != folder.root_path()) folder = folder.parent_path();
    return folder.string();
}

Finding checkSpace(const Config& config, FreeSpace space) {
    const std::string folder = existingFolder(config.journal.path);
    const auto bytes = space(folder);
    if (!bytes) return {Severity::kWarning, kCheck, fmt::format("cannot determine the free space in {}", folder)};
    const std::string left = fmt::format("{} MiB free in {}", *bytes / kMebi, folder);
    const auto wanted = static_cast<std::uint64_t>(config.journal.maxSizeBytes);
    constexpr const char* kRemedy = "delete what is not needed, or set journal.max_size lower";
    if (*bytes < kMebi) return {Severity::kError, kCheck, left + ": the journal cannot be written", kRemedy};
    if (*bytes < std::max(kTight, wanted))
        return {Severity::kWarning, kCheck, fmt::format("{}, and the journal may take {} MiB", left, wanted / kMebi),
                kRemedy};
    return {Severity::kFine, kCheck, left};
}

Finding unreadable(const Error& error) {
    const bool isPermission = error.code == Errc::kPermission;
    return {isPermission ? Severity::kWarning : Severity::kError, kCheck, error.message,
            isPermission ? "run \"sudo pi-edge-agent doctor\" to check it, too" : ""};
}

/// Reads the rows, as `pi-edge-agent journal` does, for as long as kRowsLimit.
Finding checkRows(const Config& config) {
    const std::string& path = config.journal.path;
    auto reader = JournalReader::open(path, {});
    if (!reader && reader.error().code == Errc::kNotFound)
        return {Severity::kNote, kCheck, fmt::format("{} is not there yet: no agent has run with it", path)};
    if (!reader) return unreadable(reader.error());
    const auto end = std::chrono::steady_clock::now() + kRowsLimit;
    std::size_t rows = 0;
    bool isWhole = false;
    while (!isWhole && std::chrono::steady_clock::now() < end) {
        const auto batch = reader->next(kRowsAtOnce);
        if (!batch)
            return {Severity::kError, kCheck, batch.error().message,
                    "the agent moves a damaged journal aside at its next start"};
        isWhole = batch->empty();
        rows += batch->size();
    }
    const std::string counted = fmt::format("{}: {}{} rows", path, isWhole ? "" : "the first ", rows);
    if (reader->damaged() > 0)
        return {Severity::kWarning, kCheck, fmt::format("{}, and {} damaged ones", counted, reader->damaged()),
                "damaged rows are skipped; the SD card may be failing, see: journalctl -k"};
    return {Severity::kFine, kCheck, counted + ", all intact"};
}

}  // namespace

std::optional<std::uint64_t> freeSpace(const std::string& path) {
    std::error_code error;
    const fs::space_info info = fs::space(path, error);
    if (error) return std::nullopt;
    return info.available;
}

Findings checkJournal(const Config& config, FreeSpace space) {
    return {checkSpace(config, space), checkRows(config)};
}

Findings checkArchive(const Config& config, FreeSpace space) {
    constexpr const char* kArchive = "archive";
    if (config.archive.maxSizeBytes == 0) return {};
    const std::string folder = pictureFolderOf(config);
    const PictureFolder::Count kept = PictureFolder(folder).count().archived;
    const auto keptBytes = static_cast<std::uint64_t>(kept.bytes);
    const auto maxSize = static_cast<std::uint64_t>(config.archive.maxSizeBytes);
    const auto minFree = static_cast<std::uint64_t>(config.archive.minFreeBytes);
    const std::string has = fmt::format("{} pictures, {} of at most {} MiB, in {}", kept.pictures, keptBytes / kMebi,
                                        maxSize / kMebi, folder);
    const auto free = space(existingFolder(folder + "/archive"));
    if (!free) return {{Severity::kWarning, kArchive, has + "; cannot determine the free space"}};
    if (*free < minFree) {
        return {{Severity::kWarning, kArchive,
                 fmt::format("{}; only {} MiB are free, so the oldest pictures go until there are {}", has,
                             *free / kMebi, minFree / kMebi),
                 "delete what is not needed, or set archive.min_free lower"}};
    }
    if (*free - minFree + keptBytes < maxSize) {
        return {{Severity::kNote, kArchive,
                 fmt::format("{}; the file system has room for {} MiB of pictures, less archive.min_free", has,
                             (*free - minFree + keptBytes) / kMebi),
                 "set archive.max_size to that, or less"}};
    }
    return {{Severity::kFine, kArchive, has}};
}

Findings checkCommands(const Config& config) {
    if (config.topics.base.empty()) return {};
    const std::string topic = config.topics.base + "/command";
    auto reader = JournalReader::open(config.journal.path, {.kind = "command"});
    // What is wrong with the journal is a finding of its own.
    if (!reader || !reader->skipToLast(kRowsAtOnce)) return {};
    const auto rows = reader->next(kRowsAtOnce);
    std::optional<WallTime> last;
    for (const JournalRow& row : rows.value_or(std::vector<JournalRow>())) {
        const auto* command = std::get_if<Stored<CommandRecord>>(&row);
        if (command != nullptr && command->record.source == topic) last = command->stamp.time;
    }
    if (last)
        return {{Severity::kFine, "broker",
                 fmt::format("commands arrive: the last one on \"{}\" came at {}", topic, formatRfc3339(*last))}};
    return {{Severity::kNote, "broker", fmt::format("no command has arrived on \"{}\" yet", topic),
             fmt::format("to try it, send \"status\" to {} and wait for the reply on {}/response", topic,
                         config.topics.base)}};
}

}  // namespace edge
