// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/system/files.hpp"

namespace edge {

/// One end of a connected SOCK_SEQPACKET Unix socket. Never blocks. Thread: one.
class PacketSocket {
  public:
    struct Packet {
        std::string bytes;
        UniqueFd fd;  ///< a descriptor that came along
    };

    explicit PacketSocket(UniqueFd socket);

    /// Sends one packet, with a copy of descriptor `fd` unless it is -1. Errors: kUnavailable (the other side is gone),
    /// kBusy (it does not read), kIo.
    Result<void> send(std::string_view bytes, int fd = -1) const;

    /// The next packet; nullopt when none is there. Errors: kUnavailable (the other side closed), kInvalid (longer than
    /// kMaxPacketBytes, or with more than one descriptor), kIo.
    Result<std::optional<Packet>> receive() const;

    [[nodiscard]] int fd() const { return socket_.get(); }

  private:
    UniqueFd socket_;
    std::unique_ptr<char[]> buffer_;  ///< of receive()
};

/// Connects to the SEQPACKET socket at `path`. Does not block. The message names the path.
Result<UniqueFd> connectPacketSocket(const std::string& path);

}  // namespace edge
