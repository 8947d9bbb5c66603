// SPDX-License-Identifier: MIT
#include "integration/support/sockets.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace edge {

namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

UniqueFd listenOn(std::uint16_t port) {
    UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in address = loopback(port);
    if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(fd.get(), 64) != 0) {
        throw std::system_error(errno, std::generic_category(), "cannot listen on 127.0.0.1");
    }
    return fd;
}

UniqueFd listenOnIpv6() {
    UniqueFd fd(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(fd.get(), 64) != 0) {
        throw std::system_error(errno, std::generic_category(), "cannot listen on ::1");
    }
    return fd;
}

std::uint16_t portOf(int fd) {
    sockaddr_in6 address{};  // large enough for both, and with the port at the same place
    socklen_t size = sizeof address;
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin6_port);
}

bool readExactly(int fd, std::string& into, std::size_t bytes) {
    const std::size_t begin = into.size();
    into.resize(begin + bytes);
    for (std::size_t got = 0; got < bytes;) {
        const ssize_t count = recv(fd, into.data() + begin + got, bytes - got, 0);
        if (count <= 0) return false;
        got += static_cast<std::size_t>(count);
    }
    return true;
}

}  // namespace

UniqueFd connectTo(std::uint16_t port) {
    UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(port);
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fd.reset();
    return fd;
}

std::uint16_t freePort() {
    const UniqueFd fd = listenOn(0);
    return portOf(fd.get());
}

bool canConnect(std::uint16_t port) {
    return static_cast<bool>(connectTo(port));
}

StubServer::StubServer(Serve serve, bool isIpv6)
    : serve_(std::move(serve)), listener_(isIpv6 ? listenOnIpv6() : listenOn(0)), port_(portOf(listener_.get())) {
    acceptor_ = std::thread([this] { acceptAll(); });
}

StubServer::~StubServer() {
    shutdown(listener_.get(), SHUT_RDWR);  // wakes accept()
    acceptor_.join();
    {
        const std::lock_guard lock(mutex_);
        for (const int fd : open_) shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& servant : servants_) servant.join();
}

int StubServer::connections() const {
    const std::lock_guard lock(mutex_);
    return connections_;
}

void StubServer::cutAll() {
    const std::lock_guard lock(mutex_);
    const linger reset{1, 0};
    for (const int fd : open_) {
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        shutdown(fd, SHUT_RDWR);
    }
}

void StubServer::acceptAll() {
    while (true) {
        const int fd = accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) return;
        const std::lock_guard lock(mutex_);
        ++connections_;
        open_.push_back(fd);
        servants_.emplace_back([this, fd] {
            serve_(fd);
            const std::lock_guard closing(mutex_);
            open_.erase(std::find(open_.begin(), open_.end(), fd));
            close(fd);
        });
    }
}

TcpProxy::TcpProxy(std::uint16_t target)
    : server_(
          [this, target](int fd) { relay(fd, target, std::string_view{}, [this] { return isBlackHole_.load(); }); }) {}

void relay(int fd, std::uint16_t target, std::string_view first, const std::function<bool()>& isSwallowed) {
    const UniqueFd upstream = connectTo(target);
    if (upstream && sendAll(upstream.get(), first)) relayBetween(fd, upstream.get(), isSwallowed);
}

void relayBetween(int one, int other, const std::function<bool()>& isSwallowed) {
    std::string buffer(65536, '\0');
    while (true) {
        pollfd both[2] = {{one, POLLIN, 0}, {other, POLLIN, 0}};
        if (poll(both, 2, -1) < 0) return;
        for (int i = 0; i < 2; ++i) {
            if (both[i].revents == 0) continue;
            const ssize_t count = recv(both[i].fd, buffer.data(), buffer.size(), 0);
            if (count <= 0) return;
            if (isSwallowed && isSwallowed()) continue;
            if (!sendAll(both[1 - i].fd, {buffer.data(), static_cast<std::size_t>(count)})) return;
        }
    }
}

std::string readMqttPacket(int fd) {
    std::string packet;
    if (!readExactly(fd, packet, 1)) return {};
    std::size_t length = 0;
    for (unsigned shift = 0;; shift += 7) {
        if (!readExactly(fd, packet, 1)) return {};
        const auto byte = static_cast<unsigned char>(packet.back());
        length |= static_cast<std::size_t>(byte & 0x7FU) << shift;
        if ((byte & 0x80U) == 0) break;
    }
    if (!readExactly(fd, packet, length)) return {};
    return packet;
}

bool sendAll(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

}  // namespace edge
