// SPDX-License-Identifier: MIT
#include "core/loop/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/core.h>

namespace edge {
namespace {

/// posix_spawn's two option objects, with their destructors.
struct SpawnOptions {
    SpawnOptions() {
        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
    }
    ~SpawnOptions() {
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
    }
    SpawnOptions(const SpawnOptions&) = delete;
    SpawnOptions& operator=(const SpawnOptions&) = delete;

    posix_spawn_file_actions_t actions{};
    posix_spawnattr_t attributes{};
};

void prepare(SpawnOptions& options, const ChildProcess::Descriptor& inherited) {
    posix_spawn_file_actions_addopen(&options.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&options.actions, inherited.own, inherited.childs);
    // Libraries open sockets without close-on-exec: a child that held the broker's would keep the connection alive.
    posix_spawn_file_actions_addclosefrom_np(&options.actions, std::max(inherited.childs, STDERR_FILENO) + 1);

    sigset_t none;
    sigemptyset(&none);
    sigset_t all;
    sigfillset(&all);
    posix_spawnattr_setsigmask(&options.attributes, &none);
    posix_spawnattr_setsigdefault(&options.attributes, &all);
    posix_spawnattr_setflags(&options.attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

}  // namespace

std::string toString(const ExitStatus& status) {
    if (status.signal == 0) return fmt::format("ended with exit code {}", status.code);
    return fmt::format("was killed by signal {} ({})", status.signal, ::strsignal(status.signal));
}

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(Loop& loop, const std::string& program,
                                                          const std::vector<std::string>& arguments,
                                                          Descriptor inherited, ExitHandler exited) {
    SpawnOptions options;
    prepare(options, inherited);
    std::vector<std::string> words{program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);

    pid_t pid = -1;
    const int error = ::posix_spawn(&pid, program.c_str(), &options.actions, &options.attributes, argv.data(), environ);
    if (error != 0) {
        return failSystem("cannot start " + program, error);
    }
    // glibc 2.36 has pidfd_open(), but declares it in a way that C++ cannot link.
    UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)));
    if (!handle) {
        const int cause = errno;
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        return failSystem("cannot watch a child process", cause);
    }
    std::unique_ptr<ChildProcess> child(new ChildProcess(pid, std::move(handle)));
    child->exited_ = std::move(exited);
    child->watch_ = loop.watch(child->handle_.get(), [self = child.get()] { self->reap(); });
    return child;
}

ChildProcess::~ChildProcess() {
    watch_.reset();
    if (isReaped_) return;
    if (!waitForExit(kGraceTime)) {
        kill();
        waitForExit(kGraceTime);
    }
    tryReap();  // not a process inside a hung driver, which does not even die of SIGKILL: it is left to init
}

void ChildProcess::kill() {
    wasKilled_ = true;
    if (!isReaped_) ::syscall(SYS_pidfd_send_signal, handle_.get(), SIGKILL, nullptr, 0U);
}

void ChildProcess::reap() {
    const auto status = tryReap();
    if (!status) return;
    watch_.reset();
    const auto exited = std::exchange(exited_, nullptr);  // the callee may destroy this object
    if (exited) exited(*status);
}

std::optional<ExitStatus> ChildProcess::tryReap() {
    siginfo_t info{};
    if (::waitid(P_PIDFD, static_cast<id_t>(handle_.get()), &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0) {
        return std::nullopt;
    }
    isReaped_ = true;
    if (info.si_code == CLD_EXITED) return ExitStatus{info.si_status, 0};
    return ExitStatus{0, info.si_status};
}

bool ChildProcess::waitForExit(milliseconds limit) const {
    pollfd waiting{handle_.get(), POLLIN, 0};
    return ::poll(&waiting, 1, static_cast<int>(limit.count())) > 0;
}

}  // namespace edge
