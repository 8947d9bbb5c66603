// SPDX-License-Identifier: MIT
#include "core/system/log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <pty.h>
#include <string>

#include <gtest/gtest.h>

#include "core/system/files.hpp"

namespace edge {
namespace {

constexpr const char* kCount = "log lines were dropped";

/// Standard error is `fd` for as long as this lives.
class RedirectedStderr {
  public:
    explicit RedirectedStderr(int fd) : saved_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {
        ::dup2(fd, STDERR_FILENO);
    }
    ~RedirectedStderr() { ::dup2(saved_.get(), STDERR_FILENO); }

  private:
    UniqueFd saved_;
};

/// Everything that can be read now.
std::string drain(int fd) {
    std::string all;
    std::array<char, 4096> buffer{};
    for (pollfd ready{fd, POLLIN, 0}; ::poll(&ready, 1, 0) > 0 && (ready.revents & POLLIN) != 0;) {
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got <= 0) break;
        all.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return all;
}

/// Reads until a line of its own has come through. A terminal hands on what it holds in its own time.
std::string readThrough(int fd) {
    constexpr int kMostWaits = 3000;
    constexpr int kWaitMs = 10;
    std::string text = drain(fd);
    for (int i = 0; i < kMostWaits && text.find("info: again") == std::string::npos; ++i) {
        log::info("again");
        pollfd ready{fd, POLLIN, 0};
        ::poll(&ready, 1, kWaitMs);
        text += drain(fd);
    }
    return text;
}

/// A writing and a reading end; what is written waits until it is read.
struct Channel {
    UniqueFd write;
    UniqueFd read;
};

Channel makePipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    return {UniqueFd(ends[1]), UniqueFd(ends[0])};
}

Channel makeSocketPair() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    return {UniqueFd(ends[1]), UniqueFd(ends[0])};
}

Channel makeTerminal() {
    int master = -1;
    int slave = -1;
    EXPECT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
    return {UniqueFd(slave), UniqueFd(master)};
}

/// Longer than PIPE_BUF, and no divisor of any buffer.
std::string longLine(int number) {
    return "line " + std::to_string(number) + " " + std::string(4999, 'x') + " end";
}

/// More than any of the channels holds, without a reader. A fault here is a test that never ends.
void writeUntilFull() {
    for (int i = 0; i < 200; ++i) log::info("{}", longLine(i));
}

struct Kind {
    const char* name;
    Channel (*make)();
};

class LogChannel : public testing::TestWithParam<Kind> {};

TEST_P(LogChannel, DropsLinesThatCannotBeWrittenAndCountsThem) {
    const Channel channel = GetParam().make();
    const RedirectedStderr redirected(channel.write.get());

    writeUntilFull();
    const std::string then = readThrough(channel.read.get());

    EXPECT_NE(then.find("line 0 "), std::string::npos);
    EXPECT_EQ(then.find("line 199 "), std::string::npos);
    EXPECT_NE(then.find(kCount), std::string::npos);
    EXPECT_NE(then.find("info: again"), std::string::npos);
    EXPECT_EQ(then.find(kCount, then.find(kCount) + 1), std::string::npos) << "counted twice";
}

TEST_P(LogChannel, FinishesALineThatWasBegun) {
    const Channel channel = GetParam().make();
    const RedirectedStderr redirected(channel.write.get());

    writeUntilFull();
    const std::string text = readThrough(channel.read.get());

    for (std::size_t at = text.find("line "); at != std::string::npos; at = text.find("line ", at + 1)) {
        const std::size_t end = text.find('\n', at);
        ASSERT_NE(end, std::string::npos);
        const std::string line = text.substr(at, end - at);
        EXPECT_NE(line.find(" end"), std::string::npos) << line.size();
    }
}

TEST_P(LogChannel, LeavesTheSharedDescriptionBlocking) {
    const Channel channel = GetParam().make();
    const RedirectedStderr redirected(channel.write.get());

    log::info("a line");

    EXPECT_EQ(::fcntl(channel.write.get(), F_GETFL) & O_NONBLOCK, 0);
}

INSTANTIATE_TEST_SUITE_P(Log, LogChannel,
                         testing::Values(Kind{"Pipe", makePipe}, Kind{"Socket", makeSocketPair},
                                         Kind{"Terminal", makeTerminal}),
                         [](const testing::TestParamInfo<Kind>& kind) { return kind.param.name; });

TEST(Log, DropsWhatAFullDiskDoesNotTake) {
    const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    const Channel channel = makePipe();
    {
        const RedirectedStderr redirected(full.get());
        for (int i = 0; i < 3; ++i) log::info("lost");
    }

    const RedirectedStderr redirected(channel.write.get());
    log::info("again");

    EXPECT_NE(drain(channel.read.get()).find("3 log lines were dropped"), std::string::npos);
}

TEST(Log, WritesNothingWhereStandardErrorIsClosed) {
    const Channel channel = makePipe();
    {
        const RedirectedStderr redirected(channel.write.get());
        ::close(STDERR_FILENO);
        for (int i = 0; i < 2; ++i) log::info("lost");
    }

    const RedirectedStderr redirected(channel.write.get());
    log::info("again");

    EXPECT_NE(drain(channel.read.get()).find("2 log lines were dropped"), std::string::npos);
}

}  // namespace
}  // namespace edge
