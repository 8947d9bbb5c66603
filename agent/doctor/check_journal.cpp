// SPDX-License-Identifier: MIT
#include <filesystem>
#include <system_error>

#include <fmt/core.h>

#include "doctor/checks.hpp"
#include "journal/reader.hpp"

namespace edge {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCheck = "journal";
constexpr std::size_t kRowsAtOnce = 1024;
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
    if (!bytes) return {Severity::kWarning, kCheck, fmt::format("cannot say how much space is left in {}", folder), ""};
    const std::string left = fmt::format("{} MiB are free in {}", *bytes / kMebi, folder);
    const auto wanted = static_cast<std::uint64_t>(config.journal.maxSizeBytes);
    constexpr const char* kRemedy = "delete what is not needed, or set journal.max_size lower";
    if (*bytes < kMebi) return {Severity::kError, kCheck, left + ": the journal cannot be written", kRemedy};
    if (*bytes < std::max(kTight, wanted))
        return {Severity::kWarning, kCheck, fmt::format("{}, and the journal may take {} MiB", left, wanted / kMebi),
                kRemedy};
    return {Severity::kFine, kCheck, left, ""};
}

/// Reads every row, as `pi-edge-agent journal` does.
Finding checkRows(const Config& config) {
    const std::string& path = config.journal.path;
    std::error_code error;
    if (!fs::exists(path, error))
        return {Severity::kNote, kCheck, fmt::format("{} is not there yet: no agent has run with it", path), ""};
    auto reader = JournalReader::open(path, {});
    if (!reader)
        return {Severity::kError, kCheck, reader.error().message,
                "run \"sudo pi-edge-agent doctor\", where it is a matter of permission"};
    std::size_t rows = 0;
    while (true) {
        const auto batch = reader->next(kRowsAtOnce);
        if (!batch)
            return {Severity::kError, kCheck, batch.error().message,
                    "the agent sets a damaged journal aside when it starts again"};
        if (batch->empty()) break;
        rows += batch->size();
    }
    if (reader->damaged() > 0)
        return {Severity::kWarning, kCheck,
                fmt::format("{}: {} rows, {} of them damaged", path, rows, reader->damaged()),
                "damaged rows are left out; is the SD card failing? \"journalctl -k\" would say"};
    return {Severity::kFine, kCheck, fmt::format("{}: {} rows, all of them sound", path, rows), ""};
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

}  // namespace edge
