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

/// The part of the Paho adapter that calls Paho, and the only one that includes it. A call can wait, for as long as
/// Paho holds its global mutex (it looks names up under it): call on a strand, not on the loop. The exception is
/// publish(): Paho connects one client after the other, so that while this one is connected no name is being looked up.
class PahoConnection {
  public:
    using PublishId = std::uintptr_t;  ///< Paho carries it along as a pointer

    /// Called on Paho's threads, under its mutex: copy, post, return.
    struct Events {
        std::function<void(ConnectionInfo)> connected;
        /// Instead of connected. `code` is the broker's where it is above 0, else Paho's; `found` is what the
        /// connection itself told.
        std::function<void(int code, std::string text, std::optional<ConnectionFailure> found)> failed;
        /// `code` is the broker's reason, -1 where the connection just ended.
        std::function<void(int code, std::string reason)> lost;
        std::function<void(InboundMessage)> message;
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
    /// The id of publications of which no event `published` is wanted.
    static constexpr PublishId kUnwatched = 0;
    /// Between the events `connected` and `lost`; any thread.
    void publish(const std::shared_ptr<const Publication>& publication, PublishId id);
    void disconnect(milliseconds limit);
    /// Ends everything; no event comes afterwards.
    void close();

    /// The text with which Paho reports that the broker hung up on a CONNECT.
    static constexpr const char* kClosedOnConnect = "TCP connect completion failure";

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace edge
