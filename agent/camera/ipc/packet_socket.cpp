// SPDX-License-Identifier: MIT
#include "camera/ipc/packet_socket.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <fmt/core.h>

#include "camera/ipc/protocol.hpp"

namespace edge {
namespace {

/// All descriptors of a received message: whatever the other side sent is ours to close.
std::optional<UniqueFd> takeDescriptors(msghdr& message) {
    UniqueFd taken;
    bool isOne = true;
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
            UniqueFd owned(fd);
            if (taken) isOne = false;
            if (!taken) taken = std::move(owned);
        }
    }
    if (!isOne || (message.msg_flags & MSG_CTRUNC) != 0) return std::nullopt;
    return taken;
}

}  // namespace

PacketSocket::PacketSocket(UniqueFd socket)
    : socket_(std::move(socket)), buffer_(std::make_unique_for_overwrite<char[]>(kMaxPacketBytes)) {}

Result<void> PacketSocket::send(std::string_view bytes, int fd) const {
    iovec data{const_cast<char*>(bytes.data()), bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    if (fd >= 0) {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        cmsghdr* part = CMSG_FIRSTHDR(&message);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(sizeof fd);
        std::memcpy(CMSG_DATA(part), &fd, sizeof fd);
    }
    while (::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) return fail(Errc::kBusy, "the other side does not read");
        if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN) {
            return fail(Errc::kUnavailable, "closed the connection");
        }
        return failSystem("cannot send", errno);
    }
    return {};
}

Result<std::optional<PacketSocket::Packet>> PacketSocket::receive() const {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    bool wasReset = false;
    while (true) {
        iovec data{buffer_.get(), kMaxPacketBytes};
        msghdr message{};
        message.msg_iov = &data;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        const ssize_t got = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (got < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN || errno == EWOULDBLOCK) return std::nullopt;
            // Linux reports once that the other side left something of ours unread; what it sent us before comes after.
            if (errno == ECONNRESET && !std::exchange(wasReset, true)) continue;
            return failSystem("cannot receive", errno);
        }
        auto fd = takeDescriptors(message);
        if (!fd) return fail(Errc::kInvalid, "a packet came with more than one descriptor");
        if (got == 0) return fail(Errc::kUnavailable, "closed the connection");
        if ((message.msg_flags & MSG_TRUNC) != 0) return fail(Errc::kInvalid, "a packet was too long");
        return Packet{std::string(buffer_.get(), static_cast<std::size_t>(got)), std::move(*fd)};
    }
}

Result<UniqueFd> connectPacketSocket(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return fail(Errc::kInvalid,
                    fmt::format("the socket path {} is longer than {} bytes", path, sizeof address.sun_path - 1));
    }
    std::copy(path.begin(), path.end(), address.sun_path);
    UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return failSystem("cannot make a socket", errno);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return socket;
    const int error = errno;
    const bool isPermission = error == EACCES || error == EPERM;
    return fail(isPermission ? Errc::kPermission : Errc::kUnavailable,
                fmt::format("cannot connect to {}: {}; {}", path, std::generic_category().message(error),
                            isPermission ? "this user must be in the socket's group"
                                         : "see systemctl status pi-edge-camera.socket pi-edge-camera.service"));
}

}  // namespace edge
