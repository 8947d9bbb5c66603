// SPDX-License-Identifier: MIT
#include "core/system/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include <fmt/core.h>

#include "core/system/files.hpp"
#include "core/text.hpp"

// The protocol of sd_notify(3), which that page promises to keep and shows how to speak: one datagram to a socket whose
// name is in the environment. libsystemd would bring six more libraries into both programs.
namespace edge::service_manager {
namespace {

std::optional<std::int64_t> numberIn(const char* variable) {
    const char* const text = std::getenv(variable);
    return text == nullptr ? std::nullopt : parseNumber<std::int64_t>(text);
}

}  // namespace

void notify(std::string_view state) {
    const char* const name = std::getenv("NOTIFY_SOCKET");
    if (name == nullptr) return;
    const std::string_view path(name);
    sockaddr_un address{};
    const bool isNamed = path.size() > 1 && (path[0] == '/' || path[0] == '@');
    if (!isNamed || path.size() >= sizeof address.sun_path) return;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    if (path[0] == '@') address.sun_path[0] = '\0';  // an abstract name
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket) return;
    // Nobody who could be told of a failure: systemd notices by itself what is missing.
    (void)::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
                   length);
}

void notifyReloading() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
    notify(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", micros));
}

std::optional<std::chrono::microseconds> watchdogTimeout() {
    const auto micros = numberIn("WATCHDOG_USEC");
    const auto pid = numberIn("WATCHDOG_PID");
    if (!micros || *micros <= 0 || (pid && *pid != ::getpid())) return std::nullopt;
    return std::chrono::microseconds{*micros};
}

int inheritedSockets() {
    const auto pid = numberIn("LISTEN_PID");
    const auto count = numberIn("LISTEN_FDS");
    if (!pid || *pid != ::getpid() || !count || *count < 0 || *count > kMostInherited) return 0;
    return static_cast<int>(*count);
}

}  // namespace edge::service_manager
