// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "core/result.hpp"
#include "mqtt/session/short_client.hpp"

namespace edge {

/// The topics of the device that is talked to.
struct DeviceTopics {
    std::string id;
    std::string base;   ///< "" = only the broadcast topic
    std::string image;  ///< where it publishes pictures
};

/// Those of the configured device, or of `device`, if that is not "": as if the configuration, which is read again, had
/// its device.id. An error where topics.base has no {id}. Throws ConfigError.
Result<DeviceTopics> topicsOf(const Config& config, const std::string& device);

/// The password, after checking the files of [mqtt.tls]. An error with the remedy if this user may not read them.
Result<std::string> loginOf(const Config& config);

/// A connection to the first of the configured brokers that lets this program in, under a client id of its own. Not
/// used again after run(). Thread: the one that calls run().
class BrokerConnection {
  public:
    struct Handlers {
        std::function<void()> connected;  ///< and subscribed; again after each reconnect
        std::function<void(InboundMessage)> message;
    };
    /// `purpose` ("request") becomes part of the client id.
    BrokerConnection(const Config& config, std::string password, const std::string& purpose,
                     std::vector<std::string> topics, Handlers handlers);

    /// Returns after close(), or with an error when no broker can be used or the connection ended: a line for each
    /// server. Every server has a time limit of its own.
    Result<void> run();
    /// Disconnects and ends run().
    void close();

    [[nodiscard]] AsioLoop& loop() { return client_.loop(); }
    [[nodiscard]] MqttSession& session() { return client_.session(); }
    /// The address that is connected to.
    [[nodiscard]] std::string server() const;

  private:
    void tryNext();
    void failed(const SessionHealth& health);

    const Config& config_;
    const std::string password_;
    const std::string clientId_;
    const std::vector<std::string> topics_;
    const Handlers handlers_;
    ShortClient client_;
    std::size_t at_ = 0;  ///< the server in use, from 1
    std::string failures_;
    bool hasFailed_ = false;
};

/// "the access list does not let this user read …", with what to do, as the doctor says it.
std::string describeDenied(const std::string& what, const std::string& topic);

}  // namespace edge
