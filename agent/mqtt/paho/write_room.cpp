// SPDX-License-Identifier: MIT
#include "mqtt/paho/write_room.hpp"

#include <sys/epoll.h>

#include <array>

namespace edge {

WriteRoom::WriteRoom() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

void WriteRoom::watch(int socket) {
    epoll_event event{};
    event.events = EPOLLOUT | EPOLLET;
    event.data.fd = socket;
    (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket, &event);  // EEXIST: it is watched already
}

void WriteRoom::forget() {
    std::array<epoll_event, 8> events{};
    while (::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0) > 0) continue;
}

}  // namespace edge
