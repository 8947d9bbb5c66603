// SPDX-License-Identifier: MIT
#include "journal/store/set_aside.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <vector>

#include <fmt/core.h>

namespace edge {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 3> kCompanions{"-wal", "-shm", "-journal"};
constexpr std::size_t kKept = 2;

/// The numbers of the files set aside before, ascending.
std::vector<unsigned> findNumbers(const fs::path& path) {
    std::vector<unsigned> numbers;
    const std::string prefix = path.filename().string() + ".corrupt-";
    std::error_code error;
    const fs::path directory = path.has_parent_path() ? path.parent_path() : fs::path(".");
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (!name.starts_with(prefix)) continue;
        unsigned number = 0;
        const char* const last = name.data() + name.size();
        const auto [stop, failure] = std::from_chars(name.data() + prefix.size(), last, number);
        if (failure == std::errc{} && stop != name.data() + prefix.size()) numbers.push_back(number);
    }
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    return numbers;
}

std::string nameAside(const std::string& path, unsigned number) {
    return fmt::format("{}.corrupt-{}", path, number);
}

/// fs::remove leaves a directory alone that is not empty: it may be somebody's.
void removeAside(const std::string& path, unsigned number) {
    std::error_code ignored;
    fs::remove(nameAside(path, number), ignored);
    for (const char* companion : kCompanions) fs::remove(nameAside(path, number) + companion, ignored);
}

bool exists(const std::string& path) {
    std::error_code ignored;
    return fs::symlink_status(path, ignored).type() != fs::file_type::not_found;
}

}  // namespace

Result<std::string> setJournalAside(const std::string& path) {
    std::vector<unsigned> numbers = findNumbers(path);
    const unsigned number = numbers.empty() ? 1 : numbers.back() + 1;
    const std::string aside = nameAside(path, number);
    std::error_code error;
    // The companions first: should this be cut short, a WAL without its database is set aside at the next start, while
    // a new database beside an old WAL would be filled with that one's pages.
    for (const char* companion : kCompanions) {
        if (exists(path + companion)) fs::rename(path + companion, aside + companion, error);
        if (error) break;
    }
    if (!error && exists(path)) fs::rename(path, aside, error);
    if (error) {
        return fail(Errc::kPermission, fmt::format("cannot rename {} to {}: {}", path, aside, error.message()));
    }
    for (std::size_t i = 0; i + kKept <= numbers.size(); ++i) removeAside(path, numbers[i]);
    return aside;
}

bool hasOrphanedFiles(const std::string& path) {
    const auto hasContent = [](const std::string& file) {
        std::error_code error;
        return fs::file_size(file, error) > 0 && !error;
    };
    return hasContent(path + "-wal") || hasContent(path + "-journal");
}

}  // namespace edge
