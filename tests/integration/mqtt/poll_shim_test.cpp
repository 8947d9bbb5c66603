// SPDX-License-Identifier: MIT
#include "mqtt/paho/poll_shim.hpp"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
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

struct TcpPair {
    TcpPair() {
        const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const raw = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(listener.get(), raw, size), 0);
        EXPECT_EQ(::listen(listener.get(), 1), 0);
        EXPECT_EQ(::getsockname(listener.get(), raw, &size), 0);
        ours.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        EXPECT_EQ(::connect(ours.get(), raw, size), 0);
        EXPECT_EQ(::fcntl(ours.get(), F_SETFL, O_NONBLOCK), 0);
        theirs.reset(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    }
    /// To the brim: nothing is on its way any more that would make room when it arrives.
    void fill() const {
        do {
            while (inFlight() > 0) continue;
        } while (::send(ours.get(), block.data(), block.size(), MSG_NOSIGNAL) > 0);
    }
    /// Until our side can write again.
    void drain() {
        pollfd writable{ours.get(), POLLOUT, 0};
        while (::poll(&writable, 1, 0) == 0) (void)::recv(theirs.get(), block.data(), block.size(), 0);
    }

    UniqueFd ours, theirs;
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
