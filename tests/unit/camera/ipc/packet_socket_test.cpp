// SPDX-License-Identifier: MIT
#include "camera/ipc/packet_socket.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "camera/ipc/protocol.hpp"
#include "fakes/temp_dir.hpp"

namespace edge {
namespace {

struct Pair {
    Pair() {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0) {
            a = UniqueFd(ends[0]);
            b = UniqueFd(ends[1]);
        }
    }
    UniqueFd a, b;
};

/// Sends descriptors as a hostile program would: as many as it likes.
void sendDescriptors(int socket, const std::vector<int>& fds) {
    char byte = 'x';
    iovec data{&byte, 1};
    std::vector<char> control(CMSG_SPACE(fds.size() * sizeof(int)));
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    std::memcpy(CMSG_DATA(part), fds.data(), fds.size() * sizeof(int));
    ASSERT_EQ(::sendmsg(socket, &message, 0), 1);
}

std::size_t countOpenFds() {
    std::size_t count = 0;
    for (int fd = 0; fd < 256; ++fd) count += ::fcntl(fd, F_GETFD) >= 0 ? 1U : 0U;
    return count;
}

const std::vector<std::uint8_t> kJpeg{0xFF, 0xD8, 0xFF, 0xE0, 1, 2, 3};

TEST(PacketSocket, KeepsPacketsApart) {
    Pair pair;
    const PacketSocket one(std::move(pair.a));
    const PacketSocket two(std::move(pair.b));

    ASSERT_TRUE(one.send("first"));
    ASSERT_TRUE(one.send("second"));

    EXPECT_EQ((*two.receive())->bytes, "first");
    EXPECT_EQ((*two.receive())->bytes, "second");
    EXPECT_FALSE(*two.receive());
}

TEST(PacketSocket, TellsThatTheOtherSideIsGone) {
    Pair pair;
    const PacketSocket one(std::move(pair.a));
    pair.b.reset();

    EXPECT_EQ(one.receive().error().code, Errc::kUnavailable);
    EXPECT_EQ(one.send("x").error().code, Errc::kUnavailable);
}

TEST(PacketSocket, GivesTheLastWordsOfASideThatLeftUnreadPackets) {
    Pair pair;
    const PacketSocket one(std::move(pair.a));
    ASSERT_TRUE(one.send("never read"));
    ASSERT_EQ(::send(pair.b.get(), "bye", 3, 0), 3);
    pair.b.reset();

    const auto last = one.receive();

    ASSERT_TRUE(last) << last.error().message;
    EXPECT_EQ((*last)->bytes, "bye");
    EXPECT_EQ(one.receive().error().code, Errc::kUnavailable);
}

TEST(PacketSocket, RefusesAPacketThatIsTooLong) {
    Pair pair;
    const std::string big(kMaxPacketBytes + 1, 'x');
    ASSERT_EQ(::send(pair.a.get(), big.data(), big.size(), 0), static_cast<ssize_t>(big.size()));

    EXPECT_EQ(PacketSocket(std::move(pair.b)).receive().error().code, Errc::kInvalid);
}

TEST(PacketSocket, DoesNotWaitForASideThatDoesNotRead) {
    Pair pair;
    const PacketSocket one(std::move(pair.a));
    Result<void> sent;

    for (int i = 0; i < 100'000 && sent; ++i) sent = one.send(std::string(1000, 'x'));

    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, Errc::kBusy);
}

TEST(PacketSocket, ClosesEveryDescriptorThatCameUninvited) {
    Pair pair;
    const PacketSocket two(std::move(pair.b));
    const std::size_t before = countOpenFds();
    for (const std::size_t count : {2U, 3U, 50U}) {
        sendDescriptors(pair.a.get(), std::vector<int>(count, pair.a.get()));

        EXPECT_EQ(two.receive().error().code, Errc::kInvalid);
    }
    EXPECT_EQ(countOpenFds(), before);
}

TEST(PacketSocket, NamesTheSocketThatIsNotThere) {
    const TempDir directory;
    const auto connected = connectPacketSocket(directory.file("no.sock"));

    ASSERT_FALSE(connected);
    EXPECT_NE(connected.error().message.find(directory.file("no.sock")), std::string::npos);
    EXPECT_FALSE(connectPacketSocket(std::string(200, 'x')));
}

}  // namespace
}  // namespace edge
