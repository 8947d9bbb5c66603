// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
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
    struct Handlers {
        std::function<void(const ConnectionInfo&)> connected;  ///< and subscribed
        std::function<void()> disconnected;                    ///< after connected
        std::function<void(InboundMessage)> message;
        /// The first attempt that failed, whatever was left out before, or the end of the connection; again after a
        /// further attempt, until leave().
        std::function<void(const SessionHealth&)> failed;
    };

    ShortClient();
    ShortClient(const ShortClient&) = delete;
    ShortClient& operator=(const ShortClient&) = delete;

    [[nodiscard]] AsioLoop& loop() { return loop_; }
    /// Starts a session in place of the one before. The broker does not keep it, whatever the settings say.
    void open(SessionSettings settings, Handlers handlers);
    /// Ends the session within half a second, then calls `done`. Once a session: the first call counts.
    void leave(Task done);
    [[nodiscard]] bool isLeaving() const { return isLeaving_; }
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
    bool isLeaving_ = false;
};

}  // namespace edge
