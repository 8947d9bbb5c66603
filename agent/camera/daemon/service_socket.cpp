// SPDX-License-Identifier: MIT
#include "camera/daemon/service_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <fmt/core.h>

#include "core/system/service_manager.hpp"

namespace edge {
namespace {

bool hasOption(int fd, int option, int value) {
    int actual = -1;
    socklen_t length = sizeof actual;
    return ::getsockopt(fd, SOL_SOCKET, option, &actual, &length) == 0 && actual == value;
}

bool isPacketSocket(int fd, bool isListening) {
    return hasOption(fd, SO_DOMAIN, AF_UNIX) && hasOption(fd, SO_TYPE, SOCK_SEQPACKET) &&
           hasOption(fd, SO_ACCEPTCONN, isListening ? 1 : 0);
}

/// What is inherited is neither non-blocking nor closed by exec.
void adapt(int fd) {
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

}  // namespace

Result<UniqueFd> takeServiceSocket() {
    const int count = service_manager::inheritedSockets();
    if (count == 0) return fail(Errc::kNotFound, "no socket was given by systemd");
    if (count > 1) return fail(Errc::kInvalid, fmt::format("systemd gave {} sockets, one is expected", count));
    const int fd = service_manager::kFirstInherited;
    if (!isPacketSocket(fd, true)) {
        return fail(Errc::kInvalid, "the unit's socket must be ListenSequentialPacket= with Accept=no");
    }
    adapt(fd);
    return UniqueFd(fd);
}

Result<UniqueFd> takeInheritedSocket(int fd) {
    if (!isPacketSocket(fd, false)) {
        return fail(Errc::kInvalid, fmt::format("descriptor {} is no connected socket of pi-edge-agent's", fd));
    }
    adapt(fd);
    return UniqueFd(fd);
}

}  // namespace edge
