// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fakes/fake_mqtt_client.hpp"
#include "fakes/fake_resolver.hpp"
#include "fakes/manual_loop.hpp"
#include "mqtt/session/session.hpp"

namespace edge {

/// A session whose broker, name server and clock are the test's.
struct SessionFixture {
    explicit SessionFixture(MqttConfig c = {}) : config(std::move(c)) { make(); }

    void make() {
        MqttSession::Handlers handlers;
        handlers.connected = [this](const ConnectionInfo& info) {
            connected.push_back(info);
            if (onConnected) onConnected();
        };
        handlers.disconnected = [this] { ++disconnects; };
        handlers.message = [this](InboundMessage message) { messages.push_back(std::move(message.payload)); };
        handlers.healthChanged = [this] { ++healthChanges; };
        session.emplace(loop, broker.factory(), resolver, settings("pi-1"), std::move(handlers), [] { return 0.5; });
    }
    [[nodiscard]] SessionSettings settings(const std::string& id) const {
        const std::string base = "edge/" + id;
        return {config,
                id,
                "secret",
                {.topic = base + "/status", .payload = "offline", .retain = Retain::kYes},
                {"command", base + "/command"}};
    }
    void start(std::optional<milliseconds> away = std::nullopt) {
        session->start(away);
        loop.runPending();
    }
    /// Accepts the connection attempt that is under way, and the subscription.
    void acceptAll(ConnectionInfo info = {}) {
        broker.last().accept(std::move(info));
        broker.last().grantAll();
        loop.runPending();
    }
    void startConnected() {
        start();
        acceptAll();
    }
    void refuse(ConnectionFailure::Kind kind, const std::string& message = "refused") {
        broker.last().refuse(kind, message);
        loop.runPending();
    }
    void publish(const std::string& topic, Priority priority = Priority::kLive, std::size_t bytes = 1) {
        session->publish({.topic = topic, .payload = std::string(bytes, 'x')}, priority,
                         [this](Delivery delivery) { deliveries.push_back(delivery); });
    }
    [[nodiscard]] std::size_t attempts() const { return broker.attempts.size(); }
    [[nodiscard]] ConnectOptions& options() { return broker.last().options; }

    ManualLoop loop;
    FakeBroker broker;
    FakeResolver resolver{loop};
    MqttConfig config;
    std::vector<ConnectionInfo> connected;
    std::function<void()> onConnected;
    int disconnects = 0;
    std::vector<std::string> messages;
    int healthChanges = 0;
    std::vector<Delivery> deliveries;
    std::optional<MqttSession> session;
};

}  // namespace edge
