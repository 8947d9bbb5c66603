// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mqtt/mqtt_client.hpp"

namespace edge {

/// The part of the Paho adapter that calls Paho, and the only one that includes it. A call can block for as long as
/// Paho holds its global mutex: call on a strand, not on the loop. The exception is publish(): Paho connects one client
/// after the other, so that the mutex is held only briefly while this one is connected.
class PahoConnection {
  public:
    using PublishId = std::uintptr_t;  ///< Paho carries it along as a pointer

    /// Called on Paho's threads, under its mutex: copy, post, return.
    struct Events {
        std::function<void(ConnectionInfo)> connected;
        std::function<void(ConnectionFailure)> failed;  ///< instead of connected
        std::function<void(ConnectionFailure)> lost;
        std::function<void(InboundMessage)> message;  ///< release() it
        std::function<void()> dropped;                ///< a message, because too many wait to be released
        std::function<void(std::vector<int> codes)> subscribed;
        std::function<void(PublishId id, int code)> published;
        std::function<void()> disconnected;
    };

    virtual ~PahoConnection() = default;
    virtual void open() = 0;
    virtual void subscribe(const std::vector<std::string>& topics, Qos qos) = 0;
    /// The id of publications without an event `published`.
    static constexpr PublishId kUnwatched = 0;
    /// Between the events `connected` and `lost`; any thread.
    virtual void publish(const std::shared_ptr<const Publication>& publication, PublishId id) = 0;
    virtual void disconnect(milliseconds limit) = 0;
    /// Ends everything; no event comes afterwards.
    virtual void close() = 0;
    /// Why connecting does not succeed, as far as known. Thread: any.
    [[nodiscard]] virtual std::optional<ConnectionFailure> problem() const = 0;
    /// As MqttClient's. Thread: any.
    [[nodiscard]] virtual std::size_t unacknowledgedBytes() const = 0;
    /// The message has been handled. Thread: any.
    virtual void release(const InboundMessage& message) = 0;
};

std::shared_ptr<PahoConnection> makePahoConnection(const ConnectOptions& options, PahoConnection::Events events);

}  // namespace edge
