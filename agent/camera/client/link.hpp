// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "camera/ipc/protocol.hpp"
#include "core/result.hpp"
#include "core/system/files.hpp"

namespace edge {

/// A connection to a camera program: the real one, or a fake. Thread: the loop's, callbacks too; a callback may call
/// close() and open().
class CameraLink {
  public:
    struct Events {
        /// A reply, with the descriptor that came along (or none).
        std::function<void(CameraReply, UniqueFd)> received;
        /// The connection ended by itself. The reason continues "the camera program …". close() has been done.
        std::function<void(const std::string&)> ended;
    };

    virtual ~CameraLink() = default;

    /// Connects; only when closed. Never calls back inside this call. The error's message says what to do.
    virtual Result<void> open(Events events) = 0;
    virtual Result<void> send(const CameraRequest& request) = 0;
    /// Ends the connection without an event. A child process gets time to exit by itself.
    virtual void close() = 0;
    /// Ends the connection with a program that hangs: a child is killed at once. systemd kills its own (watchdog).
    virtual void abort() = 0;
};

}  // namespace edge
