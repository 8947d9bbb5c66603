// SPDX-License-Identifier: MIT
#include "doctor/machine.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <system_error>

#include <fmt/core.h>

#include "core/system/files.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFileBytes = 64 << 10;

bool hasOpen(const fs::path& process, const std::vector<std::string>& paths) {
    std::error_code error;
    for (const auto& descriptor : fs::directory_iterator(process / "fd", error)) {
        const fs::path target = fs::read_symlink(descriptor.path(), error);
        if (!error && std::find(paths.begin(), paths.end(), target.string()) != paths.end()) return true;
    }
    return false;
}

}  // namespace

bool Machine::exists(const std::string& absolute) const {
    std::error_code error;
    return fs::exists(path(absolute), error);
}

std::optional<std::string> Machine::read(const std::string& absolute) const {
    const auto content = readSmallFile(path(absolute), kMaxFileBytes);
    if (!content) return std::nullopt;
    return std::string(trim(*content));
}

std::vector<std::string> Machine::list(const std::string& folder, const std::string& prefix) const {
    std::vector<std::string> found;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(path(folder), error)) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with(prefix)) found.push_back(fmt::format("{}/{}", folder, name));
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::vector<std::string> Machine::usersOf(const std::vector<std::string>& paths,
                                          const std::vector<std::string>& except) const {
    std::vector<std::string> users;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(path("/proc"), error)) {
        const auto pid = parseNumber<pid_t>(entry.path().filename().string());
        if (!pid || !hasOpen(entry.path(), paths)) continue;
        const std::string name = processName(*pid);
        if (std::find(except.begin(), except.end(), name) == except.end())
            users.push_back(fmt::format("{} (pid {})", name, *pid));
    }
    return users;
}

std::string Machine::processName(pid_t pid) const {
    return read(fmt::format("/proc/{}/comm", pid)).value_or("");
}

std::optional<std::string> Machine::firmwareConfig() const {
    for (const char* candidate : {"/boot/firmware/config.txt", "/boot/config.txt"}) {
        if (exists(candidate)) return candidate;
    }
    return std::nullopt;
}

bool Machine::hasFirmwareSetting(const std::string& setting) const {
    const auto file = firmwareConfig();
    std::istringstream lines(file ? read(*file).value_or("") : "");
    for (std::string line; std::getline(lines, line);) {
        if (trim(line).starts_with(setting)) return true;
    }
    return false;
}

}  // namespace edge
