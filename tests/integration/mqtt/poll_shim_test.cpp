// SPDX-License-Identifier: MIT
#include "mqtt/paho/poll_shim.hpp"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <future>
#include <pthread.h>
#include <utility>

#include <gtest/gtest.h>

#include "core/system/files.hpp"

namespace edge {
namespace {

constexpr int kForever = 60'000;
constexpr seconds kPatience{30};

/// On loopback, with room for one connection that is not accepted: the SYN of the next one is not answered.
class Listener {
  public:
    Listener() {
        EXPECT_EQ(::bind(socket_.get(), raw(), size_), 0);
        EXPECT_EQ(::listen(socket_.get(), 0), 0);
        EXPECT_EQ(::getsockname(socket_.get(), raw(), &size_), 0);
    }
    [[nodiscard]] UniqueFd connect() {
        UniqueFd ours = makeSocket();
        EXPECT_EQ(::connect(ours.get(), raw(), size_), 0);
        EXPECT_EQ(::fcntl(ours.get(), F_SETFL, O_NONBLOCK), 0);
        return ours;
    }
    [[nodiscard]] UniqueFd beginToConnect() {
        UniqueFd ours = makeSocket(SOCK_NONBLOCK);
        EXPECT_EQ(::connect(ours.get(), raw(), size_), -1);
        EXPECT_EQ(errno, EINPROGRESS);
        return ours;
    }
    [[nodiscard]] UniqueFd accept() {
        return UniqueFd(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    }

  private:
    static UniqueFd makeSocket(int flags = 0) {
        return UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
    }
    sockaddr* raw() { return reinterpret_cast<sockaddr*>(&address_); }

    sockaddr_in address_{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    socklen_t size_ = sizeof address_;
    UniqueFd socket_ = makeSocket();
};

bool canWriteTo(int socket) {
    pollfd writable{socket, POLLOUT, 0};
    return ::poll(&writable, 1, 0) == 1;
}

struct TcpPair {
    /// To the brim: nothing is on its way any more that would make room when it arrives.
    void fill() const {
        do {
            while (inFlight() > 0) continue;
        } while (::send(ours.get(), block.data(), block.size(), MSG_NOSIGNAL) > 0);
    }
    /// Until our side can write again.
    void drain() {
        while (!canWriteTo(ours.get())) (void)::recv(theirs.get(), block.data(), block.size(), 0);
    }

    Listener listener;
    UniqueFd ours = listener.connect();
    UniqueFd theirs = listener.accept();
    std::array<char, 64 << 10> block{};

  private:
    /// Bytes that were sent and are not acknowledged yet.
    [[nodiscard]] int inFlight() const {
        int unacknowledged = 0, unsent = 0;
        EXPECT_EQ(::ioctl(ours.get(), SIOCOUTQ, &unacknowledged), 0);
        EXPECT_EQ(::ioctl(ours.get(), SIOCOUTQNSD, &unsent), 0);
        return unacknowledged - unsent;
    }
};

/// A thread that waits as Paho's receiving one does, for something to read from a socket that it knows.
class Receiver {
  public:
    Receiver(int socket, int timeoutMs) {
        std::promise<void> known;
        auto isKnown = known.get_future();
        returned_ = std::async(std::launch::async, [socket, timeoutMs, known = std::move(known)]() mutable {
            pthread_setname_np(pthread_self(), "MQTTAsync_rcv");
            ConnectScope scope;
            scope.begin();
            pollfd readable{socket, POLLIN, 0};
            ::poll(&readable, 1, kForever);  // returns when it is connected, which it is
            scope.connected(seconds{20});
            ::poll(&readable, 1, 1);  // everything that it was told until now
            known.set_value();
            const auto began = std::chrono::steady_clock::now();
            const int ready = ::poll(&readable, 1, timeoutMs);
            return std::pair(ready, std::chrono::steady_clock::now() - began);
        });
        isKnown.wait();
    }
    [[nodiscard]] bool returns() const { return returned_.wait_for(kPatience) == std::future_status::ready; }
    /// What poll() returned, and after how long.
    std::pair<int, nanoseconds> result() { return returned_.get(); }

  private:
    std::future<std::pair<int, nanoseconds>> returned_;
};

TEST(PollShim, EndWhenTheRestOfAPictureCanBeWritten) {
    TcpPair pair;
    Receiver receiver(pair.ours.get(), kForever);
    pair.fill();
    pair.drain();

    ASSERT_TRUE(receiver.returns());
    EXPECT_EQ(receiver.result().first, 0) << "nothing to read: Paho writes, and waits again";
}

/// Paho looks at the socket after the wait that follows the one that noticed the connection.
TEST(PollShim, EndTwiceWhenAConnectionIsMadeLate) {
    Listener listener;
    const UniqueFd first = listener.connect();
    const UniqueFd late = listener.beginToConnect();
    ASSERT_FALSE(canWriteTo(late.get()));
    std::promise<void> waits;
    const auto returned = std::async(std::launch::async, [socket = late.get(), &waits] {
        pthread_setname_np(pthread_self(), "MQTTAsync_rcv");
        ConnectScope scope;
        scope.begin();
        pollfd readable{socket, POLLIN, 0};
        ::poll(&readable, 1, 1);  // returns because a connection begins
        waits.set_value();
        EXPECT_EQ(::poll(&readable, 1, kForever), 0);
        EXPECT_TRUE(canWriteTo(socket));
        EXPECT_EQ(::poll(&readable, 1, kForever), 0);
    });
    waits.get_future().wait();
    ASSERT_FALSE(canWriteTo(late.get()));
    const UniqueFd accepted = listener.accept();

    EXPECT_EQ(returned.wait_for(kPatience), std::future_status::ready);
}

TEST(PollShim, EndWhenAnotherConnectionBegins) {
    const TcpPair pair;
    Receiver receiver(pair.ours.get(), kForever);
    ConnectScope another;
    another.begin();

    ASSERT_TRUE(receiver.returns());
    EXPECT_EQ(receiver.result().first, 0);
}

TEST(PollShim, EndWhenSomethingComes) {
    const TcpPair pair;
    Receiver receiver(pair.ours.get(), kForever);
    ASSERT_EQ(::send(pair.theirs.get(), "x", 1, 0), 1);

    ASSERT_TRUE(receiver.returns());
    EXPECT_EQ(receiver.result().first, 1);
}

TEST(PollShim, AreLongerThanPahosWhereItHasNothingToDoSooner) {
    const TcpPair pair;
    Receiver receiver(pair.ours.get(), 1000);

    ASSERT_TRUE(receiver.returns());
    const auto [ready, after] = receiver.result();
    EXPECT_EQ(ready, 0);
    EXPECT_GE(after, milliseconds{1990}) << "a tenth of the keep-alive";
}

}  // namespace
}  // namespace edge
