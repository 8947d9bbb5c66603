// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>

#include "core/loop/asio_loop.hpp"
#include "core/loop/worker_pool.hpp"
#include "mqtt/mqtt_client.hpp"
#include "mqtt/net/resolver.hpp"
#include "mqtt/session/session.hpp"

namespace edge {

/// For a program that is a client for a short time, such as the doctor: a session like the agent's, on a loop of its
/// own. Thread: run() is called on the thread that owns it.
class ShortClient {
  public:
    ShortClient();
    ShortClient(const ShortClient&) = delete;
    ShortClient& operator=(const ShortClient&) = delete;

    [[nodiscard]] AsioLoop& loop() { return loop_; }
    /// Starts a session in place of the one before. The broker does not keep it, whatever the settings say.
    void open(SessionSettings settings, MqttSession::Handlers handlers);
    /// After open().
    [[nodiscard]] MqttSession& session() { return *session_; }
    /// Until loop().stop(); then the session is gone.
    void run();

  private:
    AsioLoop& loop_;
    WorkerPool pool_;
    const std::unique_ptr<Resolver> resolver_;
    const MqttClientFactory makeClient_;
    std::optional<MqttSession> session_;
};

}  // namespace edge
