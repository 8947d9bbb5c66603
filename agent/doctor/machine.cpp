// SPDX-License-Identifier: MIT
#include "doctor/machine.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
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

std::optional<pid_t> pidOf(const std::string& name) {
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
    return pid;
}

bool hasOpen(const fs::path& process, const std::vector<std::string>& paths) {
    std::error_code error;
    for (const auto& descriptor : fs::directory_iterator(process / "fd", error)) {
        const fs::path target = fs::read_symlink(descriptor.path(), error);
        if (!error && std::find(paths.begin(), paths.end(), target.string()) != paths.end()) return true;
    }
    return false;
}

/// Up to the end of the file. False where that does not come within `limit`.
bool readWithin(int fd, milliseconds limit, std::string& output) {
    const auto end = std::chrono::steady_clock::now() + limit;
    std::array<char, 4096> buffer{};
    while (true) {
        const auto left = std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now()).count();
        pollfd waiting{fd, POLLIN, 0};
        if (left <= 0 || ::poll(&waiting, 1, static_cast<int>(left)) == 0) return false;
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got == 0;
        output.append(buffer.data(), static_cast<std::size_t>(got));
    }
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
        const auto pid = pidOf(entry.path().filename().string());
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

std::optional<std::string> outputOf(const std::vector<std::string>& arguments, milliseconds limit) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
    const UniqueFd readEnd(ends[0]);
    UniqueFd writeEnd(ends[1]);

    posix_spawn_file_actions_t actions{};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, writeEnd.get(), STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    // What this program ignores or blocks is no business of another.
    posix_spawnattr_t attributes{};
    posix_spawnattr_init(&attributes);
    sigset_t set;
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attributes, &set);
    sigfillset(&set);
    posix_spawnattr_setsigdefault(&attributes, &set);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::vector<char*> words;
    std::vector<std::string> copies = arguments;
    words.reserve(copies.size() + 1);
    for (std::string& word : copies) words.push_back(word.data());
    words.push_back(nullptr);
    pid_t pid = 0;
    const int failed = ::posix_spawnp(&pid, words.front(), &actions, &attributes, words.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) return std::nullopt;

    writeEnd.reset();
    std::string output;
    const bool isWhole = readWithin(readEnd.get(), limit, output);
    if (!isWhole) ::kill(pid, SIGKILL);
    int status = 0;
    const bool hasEnded = ::waitpid(pid, &status, 0) == pid;
    if (!isWhole || !hasEnded || !WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
    return output;
}

}  // namespace edge
