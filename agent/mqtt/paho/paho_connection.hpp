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

    PahoConnection(ConnectOptions options, Events events);
    ~PahoConnection();
    PahoConnection(const PahoConnection&) = delete;
    PahoConnection& operator=(const PahoConnection&) = delete;

    void open();
    void subscribe(const std::vector<std::string>& topics, Qos qos);
    /// The id of publications without an event `published`.
    static constexpr PublishId kUnwatched = 0;
    /// Between the events `connected` and `lost`; any thread.
    void publish(const std::shared_ptr<const Publication>& publication, PublishId id);
    void disconnect(milliseconds limit);
    /// Ends everything; no event comes afterwards.
    void close();
    /// Why connecting does not succeed, as far as known. Thread: any.
    [[nodiscard]] std::optional<ConnectionFailure> problem() const;
    /// The message has been handled. Thread: any.
    void release(const InboundMessage& message);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace edge
