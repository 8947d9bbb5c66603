// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "camera/client/camera_link.hpp"
#include "camera/ipc/packet_socket.hpp"
#include "core/loop/loop.hpp"

namespace edge {

/// A connected packet socket on the loop, speaking the protocol. What both real links are made of.
class PacketChannel {
  public:
    explicit PacketChannel(Loop& loop) : loop_(loop) {}

    void open(UniqueFd socket, CameraLink::Events events);
    Result<void> send(const CameraRequest& request);
    void close();
    [[nodiscard]] bool isOpen() const { return socket_.has_value(); }

  private:
    void readable();
    void end(const std::string& reason);

    Loop& loop_;
    CameraLink::Events events_;
    std::optional<PacketSocket> socket_;
    std::unique_ptr<FdWatch> watch_;
    std::uint64_t session_ = 0;  ///< tells a callback that closed and opened again from one that did nothing
};

/// To the program that systemd starts on connection.
class SocketLink : public CameraLink {
  public:
    SocketLink(Loop& loop, std::string path) : path_(std::move(path)), channel_(loop) {}

    Result<void> open(Events events) override;
    Result<void> send(const CameraRequest& request) override { return channel_.send(request); }
    void close() override { channel_.close(); }
    void abort() override { channel_.close(); }
    [[nodiscard]] bool isOpen() const override { return channel_.isOpen(); }

  private:
    const std::string path_;
    PacketChannel channel_;
};

}  // namespace edge
