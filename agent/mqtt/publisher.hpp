// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "mqtt/message.hpp"
#include "mqtt/session/broker_limits.hpp"

namespace edge {

/// What the broker said when it accepted the connection.
struct ConnectionInfo {
    std::string server;  ///< the configured address that answered
    bool sessionPresent = false;
    std::uint16_t receiveMaximum = 65535;
    BrokerLimits limits{};  ///< announced; Publisher::connection() gives those in force, concluded ones too
};

/// What services see of the broker. Thread: the loop's, callbacks too.
class Publisher {
  public:
    virtual ~Publisher() = default;

    /// The connection as it stands; nullptr while there is none.
    [[nodiscard]] virtual const ConnectionInfo* connection() const = 0;

    /// Send, as soon as the window allows; within one priority in the order of the calls. `done` is called exactly
    /// once, never inside this call; it may be empty. While there is no connection everything but Priority::kReply ends
    /// as kLost at once; a reply (retain = kNo) waits for the next connection, at most kMaxWaitingReplies of them (the
    /// oldest is dropped and counted). QoS and retain are lowered to what the broker offers. What waits is bounded:
    /// beyond, a publication ends as kLost.
    virtual void publish(std::shared_ptr<const Publication> publication, Priority priority, DeliveryHandler done) = 0;
    void publish(Publication publication, Priority priority, DeliveryHandler done) {
        publish(std::make_shared<const Publication>(std::move(publication)), priority, std::move(done));
    }

    static constexpr std::size_t kMaxWaitingReplies = 1000;

    /// The largest payload that the broker takes on `topic` now, by its announced Maximum Packet Size or by what it
    /// refused before; SIZE_MAX where nothing is known.
    [[nodiscard]] virtual std::size_t maxPayload(const std::string& topic) const = 0;

    /// Bytes that were published and have not reached the broker's machine: those that wait here, those that are not
    /// acknowledged, and those in the system's send buffer or on the line, which may be megabytes on a slow one. Some
    /// count twice. 0 without a connection. One system call; nothing tells when it falls.
    [[nodiscard]] virtual std::size_t outstandingBytes() const = 0;
};

}  // namespace edge
