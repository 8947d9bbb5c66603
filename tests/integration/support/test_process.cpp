// SPDX-License-Identifier: MIT
#include "integration/support/test_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <system_error>

#include "core/system/files.hpp"
#include "integration/support/temp_dir.hpp"

namespace edge {

namespace {

/// Debian keeps brokers in sbin, which is not in everybody's PATH.
std::string findProgram(const std::string& name) {
    if (name.find('/') != std::string::npos) return name;
    const char* path = std::getenv("PATH");
    std::string directories = std::string(path ? path : "/usr/bin:/bin") + ":/usr/sbin:/sbin:/usr/local/sbin";
    for (std::size_t begin = 0; begin <= directories.size();) {
        const std::size_t end = std::min(directories.find(':', begin), directories.size());
        std::string candidate = directories.substr(begin, end - begin) + "/" + name;
        if (access(candidate.c_str(), X_OK) == 0) return candidate;
        begin = end + 1;
    }
    throw std::system_error(ENOENT, std::generic_category(), name);
}

}  // namespace

TestProcess::TestProcess(const std::vector<std::string>& argv, const std::string& outputFile) {
    const std::string program = findProgram(argv.at(0));
    std::vector<char*> arguments;
    arguments.reserve(argv.size() + 1);
    for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    const UniqueFd output(open(outputFile.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!output) throw std::system_error(errno, std::generic_category(), outputFile);

    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (pid_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(127);  // the test died between fork and prctl
        dup2(output.get(), STDOUT_FILENO);
        dup2(output.get(), STDERR_FILENO);
        execv(program.c_str(), arguments.data());
        _exit(127);
    }
}

TestProcess::~TestProcess() {
    if (!exitCode_) end(SIGKILL);
}

std::optional<int> TestProcess::wait(milliseconds limit) {
    if (exitCode_) return exitCode_;
    const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
    pollfd ended{process.get(), POLLIN, 0};
    if (poll(&ended, 1, static_cast<int>(limit.count())) != 1) return std::nullopt;
    int status = 0;
    if (waitpid(pid_, &status, 0) != pid_) return std::nullopt;
    exitCode_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return exitCode_;
}

int TestProcess::end(int signal) {
    if (exitCode_) return *exitCode_;
    kill(pid_, signal);
    if (const auto code = wait(seconds{10})) return *code;
    kill(pid_, SIGKILL);
    return wait(seconds{10}).value_or(-1);
}

void TestProcess::signal(int number) const {
    if (!exitCode_) kill(pid_, number);
}

int runProgram(const std::vector<std::string>& argv, std::string* output, milliseconds limit) {
    const TempDir dir;
    TestProcess child(argv, dir.file("output"));
    const auto code = child.wait(limit);
    if (!code) child.end(SIGKILL);
    if (output) *output = readWholeFile(dir.file("output"));
    return code.value_or(-1);
}

std::string readWholeFile(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace edge
