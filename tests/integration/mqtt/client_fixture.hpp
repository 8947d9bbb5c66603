// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/loop/worker_pool.hpp"
#include "integration/support/loop_thread.hpp"
#include "integration/support/mosquitto.hpp"
#include "integration/support/sockets.hpp"
#include "mqtt/paho/paho_client.hpp"

namespace edge {

/// One real client of ours, and what it reported. Everything but the constructor and the destructor belongs to the
/// loop.
class ClientUnderTest {
  public:
    ClientUnderTest(LoopThread& thread, const MqttClientFactory& factory, const ConnectOptions& options)
        : thread_(thread) {
        MqttClient::Handlers handlers;
        handlers.connected = [this](const ConnectionInfo& info) { connected = info; };
        handlers.failed = [this](const ConnectionFailure& failure) { failed = failure; };
        handlers.lost = [this](const ConnectionFailure& failure) { lost = failure; };
        handlers.message = [this](InboundMessage message) { messages.push_back(std::move(message)); };
        thread_.run([&] {
            client = factory(options, std::move(handlers));
            client->connect();
        });
    }
    ~ClientUnderTest() {
        thread_.run([this] { client.reset(); });
    }

    // From the test's thread: waits for the event.
    [[nodiscard]] bool connects() {
        return thread_.waitFor([this] { return connected || failed; }) && connected.has_value();
    }
    [[nodiscard]] bool fails() {
        return thread_.waitFor([this] { return connected || failed; }) && failed.has_value();
    }
    [[nodiscard]] bool isLost() {
        return thread_.waitFor([this] { return lost.has_value(); });
    }
    [[nodiscard]] bool receives(std::size_t count) {
        return thread_.waitFor([this, count] { return messages.size() >= count; });
    }
    std::vector<int> subscribe(const std::vector<std::string>& topics, Qos qos = Qos::kExactlyOnce) {
        std::optional<std::vector<int>> codes;
        thread_.run([&] { client->subscribe(topics, qos, [&](const std::vector<int>& result) { codes = result; }); });
        EXPECT_TRUE(thread_.waitFor([&] { return codes.has_value(); }));
        return codes.value_or(std::vector<int>{});
    }
    int publish(Publication publication) {
        std::optional<int> code;
        const auto shared = std::make_shared<const Publication>(std::move(publication));
        thread_.run([&] { client->publish(shared, [&](int result) { code = result; }); });
        EXPECT_TRUE(thread_.waitFor([&] { return code || lost; }));
        return code.value_or(-1);
    }
    void disconnect() {
        bool isDone = false;
        thread_.run([&] { client->disconnect(seconds{2}, [&] { isDone = true; }); });
        EXPECT_TRUE(thread_.waitFor([&] { return isDone; }));
    }

    std::unique_ptr<MqttClient> client;
    std::optional<ConnectionInfo> connected;
    std::optional<ConnectionFailure> failed;
    std::optional<ConnectionFailure> lost;
    std::vector<InboundMessage> messages;

  private:
    LoopThread& thread_;
};

class ClientFixture : public ::testing::Test {
  protected:
    static ConnectOptions optionsFor(std::uint16_t port, int protocolVersion = 5) {
        ConnectOptions options;
        options.server = {Scheme::kMqtt, "127.0.0.1", port, ""};
        options.resolvedAddress = "127.0.0.1";
        options.protocolVersion = protocolVersion;
        options.clientId = "pi-1";
        options.cleanStart = true;
        return options;
    }
    std::unique_ptr<ClientUnderTest> connect(const ConnectOptions& options) {
        return std::make_unique<ClientUnderTest>(thread_, factory_, options);
    }

    LoopThread thread_;
    WorkerPool pool_;
    MqttClientFactory factory_ = makePahoClientFactory(thread_.loop(), pool_.makeStrand("mqtt", seconds{600}));
};

}  // namespace edge
