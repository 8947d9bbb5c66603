// SPDX-License-Identifier: MIT
#include "camera/client/socket_link.hpp"

namespace edge {

void PacketChannel::open(UniqueFd socket, CameraLink::Events events) {
    ++session_;
    events_ = std::move(events);
    socket_.emplace(std::move(socket));
    watch_ = loop_.watch(socket_->fd(), FdEvent::kReadable, [this] { readable(); });
}

Result<void> PacketChannel::send(const CameraRequest& request) {
    if (!socket_) return fail(Errc::kUnavailable, "the connection is closed");
    return socket_->send(encode(request));
}

void PacketChannel::close() {
    ++session_;
    watch_.reset();
    socket_.reset();
}

void PacketChannel::readable() {
    const std::uint64_t session = session_;
    while (session == session_) {
        auto packet = socket_->receive();
        if (!packet) return end(packet.error().message);
        if (!*packet) return;
        auto reply = decodeReply((*packet)->bytes);
        if (!reply) return end(reply.error().message);
        const auto received = events_.received;  // a copy: the callee may open another connection
        received(std::move(*reply), std::move((*packet)->fd));
    }
}

void PacketChannel::end(const std::string& reason) {
    close();
    const auto ended = events_.ended;
    ended(reason);
}

Result<void> SocketLink::open(Events events) {
    auto socket = connectPacketSocket(path_);
    if (!socket) return tl::unexpected(socket.error());
    // It is systemd's child and not ours: how it ended is in systemd's log.
    events.ended = [ended = std::move(events.ended)](const std::string& reason) {
        ended(reason + "; `journalctl -u pi-edge-camera` says why");
    };
    channel_.open(std::move(*socket), std::move(events));
    return {};
}

}  // namespace edge
