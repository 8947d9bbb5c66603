// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "camera/ipc/protocol.hpp"
#include "core/result.hpp"
#include "core/system/files.hpp"

namespace edge {

/// The way to a camera program: a child of ours, a socket of systemd's, or a fake. Thread: the loop's, callbacks too;
/// a callback may call close().
class CameraLink {
  public:
    struct Events {
        /// A reply, with the descriptor that came along (or none).
        std::function<void(CameraReply, UniqueFd)> received;
        /// The connection ended by itself, for the reason given: a sentence. close() has been done.
        std::function<void(const std::string&)> ended;
    };

    virtual ~CameraLink() = default;

    /// Opens the way; only when closed. Never calls back inside this call. Errors: a sentence that says what to do.
    virtual Result<void> open(Events events) = 0;
    virtual Result<void> send(const CameraRequest& request) = 0;
    /// Ends the connection without an event. A child program that is still there gets time to end by itself.
    virtual void close() = 0;
    /// Ends the connection with a program that hangs: a child is killed at once. systemd kills its own (watchdog).
    virtual void abort() = 0;
    [[nodiscard]] virtual bool isOpen() const = 0;
};

}  // namespace edge
