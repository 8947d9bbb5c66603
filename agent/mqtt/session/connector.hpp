// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/loop/loop.hpp"
#include "mqtt/mqtt_client.hpp"
#include "mqtt/net/resolver.hpp"

namespace edge {

/// One attempt to connect: looks the name up, for half a minute at most, then tries its addresses in turn, within the
/// options' connectTimeout for all of them. Thread: the loop's.
class Connector {
  public:
    Connector(Loop& loop, MqttClientFactory makeClient, Resolver& resolver);
    ~Connector();

    /// Begins; an attempt under way is given up. `handlers.connected` or `handlers.failed` is called once, never inside
    /// this call; the others are the client's.
    void start(ConnectOptions options, MqttClient::Handlers handlers);
    /// From `handlers.connected` on: the client.
    [[nodiscard]] std::unique_ptr<MqttClient> take();
    void cancel();

  private:
    void resolved(Result<std::vector<std::string>> addresses);
    void tryNextAddress();
    void clientFailed(const ConnectionFailure& failure);
    void fail(const ConnectionFailure& failure);

    Loop& loop_;
    MqttClientFactory makeClient_;
    Resolver& resolver_;
    ConnectOptions options_;
    MqttClient::Handlers handlers_;
    std::vector<std::string> addresses_;  ///< not tried yet
    SteadyTime deadline_{};
    Timer lookUpTimer_;
    std::unique_ptr<MqttClient> client_;
    std::shared_ptr<int> attempt_;  ///< alive as long as the answer of its look-up is wanted
};

}  // namespace edge
