// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "core/loop.hpp"
#include "core/worker_pool.hpp"
#include "mqtt/resolver.hpp"
#include "mqtt/session.hpp"

namespace edge {

/// The way to the broker, which outlives the agent that uses it: a configuration that is read again is taken over by
/// new services on the connection that stands. Thread: the loop's.
class BrokerConnection {
  public:
    /// Connects nothing yet.
    BrokerConnection(Loop& loop, WorkerPool& pool, const Config& config, std::string password);

    /// Whether `config` asks for this very connection: servers, login, certificates, id, will and subscriptions.
    /// Otherwise `reason` names what is different.
    [[nodiscard]] bool serves(const Config& config, const std::string& password, std::string& reason) const;

    /// As MqttSession::start(), the first time; nothing after that.
    void start(std::optional<milliseconds> away);

    /// Says "offline" and disconnects; `done` at the latest after `limit`.
    void close(milliseconds limit, Task done);

    /// Who hears of it from now on. What arrived while it was nobody is delivered at once, save for changes of the
    /// connection: ask session().connection().
    void attach(MqttSession::Handlers handlers);
    /// Nobody. What arrives waits for the next one.
    void detach();

    [[nodiscard]] MqttSession& session() { return session_; }

  private:
    /// While nobody listens, for the fraction of a second that a change takes. Beyond, it is a flood, and messages are
    /// dropped.
    static constexpr std::size_t kMostHeld = 10000;

    void received(InboundMessage message);

    MqttConfig mqtt_;
    std::string clientId_;
    std::string password_;
    Publication will_;
    std::vector<std::string> subscriptions_;
    std::unique_ptr<Resolver> resolver_;
    MqttSession::Handlers handlers_;
    bool isStarted_ = false;
    bool isAttached_ = false;
    std::vector<InboundMessage> held_;
    MqttSession session_;
};

}  // namespace edge
