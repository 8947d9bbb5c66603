// SPDX-License-Identifier: MIT
#include "mqtt/session/session.hpp"

#include <signal.h>

#include <algorithm>
#include <atomic>

#include <gtest/gtest.h>

#include "core/loop/worker_pool.hpp"
#include "integration/support/loop_thread.hpp"
#include "integration/support/mosquitto.hpp"
#include "integration/support/sockets.hpp"
#include "mqtt/paho/paho_client.hpp"

namespace edge {
namespace {

/// A whole session with nothing faked. The session and what it reported belong to the loop.
class SessionWithABroker : public ::testing::Test {
  protected:
    ~SessionWithABroker() override {
        thread_.run([this] {
            session_.reset();
            resolver_.reset();
        });
    }

    void start(const std::vector<std::uint16_t>& ports, Protocol protocol = Protocol::kAuto) {
        MqttConfig config;
        config.servers.clear();
        for (const std::uint16_t port : ports) config.servers.push_back({Scheme::kMqtt, "localhost", port, ""});
        config.protocol = protocol;
        config.reconnectMin = milliseconds{50};
        config.reconnectMax = milliseconds{400};
        MqttSession::Handlers handlers;
        handlers.connected = [this](const ConnectionInfo& info) {
            infos_.push_back(info);
            publish("edge/pi-1/status", "online", Priority::kReply, Retain::kYes);
        };
        handlers.disconnected = [this] { ++disconnects_; };
        handlers.message = [this](const InboundMessage& message) { messages_.push_back(message.payload); };
        handlers.healthChanged = [] {};
        thread_.run([&] {
            session_ = std::make_unique<MqttSession>(
                thread_.loop(), makePahoClientFactory(thread_.loop(), strand_), *resolver_,
                SessionSettings{config,
                                "pi-1",
                                "",
                                Publication{.topic = "edge/pi-1/status", .payload = "offline", .retain = Retain::kYes},
                                {"command", "edge/pi-1/command"}},
                std::move(handlers));
            session_->start();
        });
    }
    /// On the loop.
    void publish(const std::string& topic, std::string payload, Priority priority = Priority::kLive,
                 Retain retain = Retain::kNo) {
        session_->publish({.topic = topic, .payload = std::move(payload), .retain = retain}, priority,
                          [this](Delivery delivery) { deliveries_.push_back(delivery); });
    }
    bool connects(std::size_t times = 1) {
        return thread_.waitFor([this, times] { return infos_.size() >= times; }, seconds{30});
    }
    bool delivers(std::size_t count) {
        return thread_.waitFor([this, count] { return deliveries_.size() >= count; }, seconds{30});
    }
    bool receives(std::size_t count) {
        return thread_.waitFor([this, count] { return messages_.size() >= count; }, seconds{30});
    }
    void stop() {
        bool isStopped = false;
        thread_.run([&] {
            session_->stop({Publication{.topic = "edge/pi-1/status", .payload = "offline", .retain = Retain::kYes}},
                           seconds{5}, [&] { isStopped = true; });
        });
        EXPECT_TRUE(thread_.waitFor([&] { return isStopped; }, seconds{6}));
    }
    static std::string statusAt(const Mosquitto& broker) { return broker.receive(1, {"-t", "edge/pi-1/status"}); }

    LoopThread thread_;
    WorkerPool pool_;
    std::shared_ptr<Executor> strand_ = pool_.makeStrand("mqtt", seconds{600});
    std::unique_ptr<Resolver> resolver_ = makeSystemResolver(
        thread_.loop(), [this](const std::string& name) { return pool_.makeStrand(name, seconds{600}); });
    std::unique_ptr<MqttSession> session_;
    std::vector<ConnectionInfo> infos_;
    std::atomic<int> disconnects_ = 0;  ///< also read while the session lives
    std::vector<std::string> messages_;
    std::vector<Delivery> deliveries_;
};

TEST_F(SessionWithABroker, ReceivesCommandsAndDeliversReadings) {
    Mosquitto broker;
    broker.start();
    start({broker.port()});
    ASSERT_TRUE(connects());
    EXPECT_EQ(infos_[0].limits.protocolVersion, 5);

    broker.publish({"-q", "2", "-t", "command", "-m", "start"});
    ASSERT_TRUE(receives(1));
    thread_.run([this] { publish("room/temp", "23"); });
    ASSERT_TRUE(delivers(2));

    EXPECT_EQ(messages_, std::vector<std::string>{"start"});
    EXPECT_EQ(deliveries_, (std::vector<Delivery>{Delivery::kDelivered, Delivery::kDelivered}));
}

TEST_F(SessionWithABroker, ConnectsWhenTheBrokerComesLater) {
    Mosquitto broker;
    start({broker.port()});
    ASSERT_TRUE(thread_.waitFor([this] { return session_->health().failures >= 2; }));
    broker.start();

    EXPECT_TRUE(connects());
}

TEST_F(SessionWithABroker, SubscribesAgainAfterTheBrokerWasKilledAndLostEverything) {
    Mosquitto broker;
    broker.start();
    start({broker.port()});
    ASSERT_TRUE(connects());
    broker.restart(SIGKILL);
    ASSERT_TRUE(connects(2));
    EXPECT_FALSE(infos_[1].sessionPresent);

    broker.publish({"-q", "1", "-t", "command", "-m", "stop"});

    EXPECT_TRUE(receives(1));
}

TEST_F(SessionWithABroker, ReceivesACommandThatWasSentWhileItWasAway) {
    for (const Protocol protocol : {Protocol::kV5, Protocol::kV311}) {
        Mosquitto broker;
        broker.start();
        TcpProxy proxy(broker.port());
        infos_.clear();
        messages_.clear();
        start({proxy.port()}, protocol);
        ASSERT_TRUE(connects());
        broker.freeze();  // so that it cannot come back before the command is there
        proxy.cutAll();
        broker.thaw();
        broker.publish({"-q", "1", "-t", "command", "-m", "capture"});
        ASSERT_TRUE(connects(2));

        EXPECT_TRUE(infos_[1].sessionPresent);
        EXPECT_TRUE(receives(1));
        thread_.run([this] { session_.reset(); });
    }
}

TEST_F(SessionWithABroker, LeavesAWillWhenTheLinkBreaksAndItCannotComeBack) {
    Mosquitto broker;
    broker.start();
    auto proxy = std::make_unique<TcpProxy>(broker.port());
    start({proxy->port()});
    ASSERT_TRUE(delivers(1));
    EXPECT_EQ(statusAt(broker), "online\n");

    proxy.reset();
    ASSERT_TRUE(thread_.waitFor([this] { return disconnects_ == 1; }));

    std::string status;
    for (int i = 0; i < 50 && status != "offline\n"; ++i) status = statusAt(broker);
    EXPECT_EQ(status, "offline\n");
}

TEST_F(SessionWithABroker, SaysOfflineBeforeACleanDisconnect) {
    Mosquitto broker;
    broker.start();
    start({broker.port()});
    ASSERT_TRUE(delivers(1));

    stop();

    EXPECT_EQ(statusAt(broker), "offline\n");
    EXPECT_NE(broker.log().find("Received DISCONNECT from pi-1"), std::string::npos);
}

TEST_F(SessionWithABroker, StopsInTimeWithABrokerThatSaysNothing) {
    Mosquitto broker;
    broker.start();
    start({broker.port()});
    ASSERT_TRUE(delivers(1));
    broker.freeze();

    stop();

    broker.thaw();
}

TEST_F(SessionWithABroker, GoesToTheOtherServerAtOnce) {
    Mosquitto first;
    Mosquitto second;
    first.start();
    second.start();
    start({first.port(), second.port()});
    ASSERT_TRUE(connects());
    first.end(SIGKILL);
    ASSERT_TRUE(connects(2));

    EXPECT_NE(infos_[1].server.find(std::to_string(second.port())), std::string::npos);
}

TEST_F(SessionWithABroker, FallsBackTo311WithABrokerThatOnlySpeaksThat) {
    Mosquitto broker;
    broker.start();
    // In front of the broker: whoever says "MQTT 5" is hung up on.
    StubServer oldBroker([&broker](int fd) {
        const std::string connectPacket = readMqttPacket(fd);
        if (connectPacket.size() < 9 || connectPacket[8] != 4) return;
        relay(fd, broker.port(), connectPacket);
    });
    start({oldBroker.port()});
    ASSERT_TRUE(connects());

    EXPECT_EQ(infos_[0].limits.protocolVersion, 4);
    EXPECT_EQ(oldBroker.connections(), 2);
    broker.publish({"-q", "1", "-t", "command", "-m", "start"});
    EXPECT_TRUE(receives(1));
}

TEST_F(SessionWithABroker, KeepsTheConnectionWhenAPictureIsOverTheAnnouncedLimit) {
    Mosquitto broker(std::string(Mosquitto::kOpen) + "max_packet_size 100000\n");
    broker.start();
    start({broker.port()}, Protocol::kV5);
    ASSERT_TRUE(delivers(1));
    std::size_t most = 0;
    thread_.run([&] {
        publish("jpeg", std::string(300'000, 'x'), Priority::kImage);
        most = session_->maxPayload("jpeg");
        publish("jpeg", std::string(most, 'x'), Priority::kImage);
    });
    ASSERT_TRUE(delivers(3));

    EXPECT_EQ(deliveries_[1], Delivery::kTooLarge);
    EXPECT_EQ(deliveries_[2], Delivery::kDelivered);
    EXPECT_EQ(disconnects_, 0);
}

TEST_F(SessionWithABroker, LosesTheConnectionToNoPictureTwiceWith311) {
    Mosquitto broker(std::string(Mosquitto::kOpen) + "max_packet_size 100000\n");
    broker.start();
    start({broker.port()}, Protocol::kV311);
    ASSERT_TRUE(delivers(1));
    std::size_t bytes = 300'000;
    for (std::size_t round = 0; round < 3; ++round) {
        const std::size_t before = deliveries_.size();
        thread_.run([&] { publish("jpeg", std::string(bytes, 'x'), Priority::kImage); });
        ASSERT_TRUE(delivers(before + 1));
        if (deliveries_[before] == Delivery::kDelivered) break;
        ASSERT_TRUE(delivers(before + 2)) << "online again";
        thread_.run([&] { bytes = session_->maxPayload("jpeg"); });
    }

    EXPECT_LE(bytes, 100'000u);
    EXPECT_LE(disconnects_, 2);
}

TEST_F(SessionWithABroker, DeliversABurstOfPicturesAndReadings) {
    Mosquitto broker;
    broker.start();
    start({broker.port()});
    ASSERT_TRUE(delivers(1));
    thread_.run([this] {
        for (int i = 0; i < 20; ++i) publish("jpeg", std::string(300'000, 'x'), Priority::kImage);
        for (int i = 0; i < 200; ++i) publish("room/temp", "23");
    });
    ASSERT_TRUE(delivers(221));

    EXPECT_EQ(static_cast<std::size_t>(std::count(deliveries_.begin(), deliveries_.end(), Delivery::kDelivered)),
              deliveries_.size());
}

TEST_F(SessionWithABroker, AnswersAReplyAfterTheLinkBroke) {
    Mosquitto broker;
    broker.start();
    TcpProxy proxy(broker.port());
    start({proxy.port()});
    ASSERT_TRUE(delivers(1));
    thread_.run([&] {
        proxy.cutAll();
        publish("edge/pi-1/response", "answer", Priority::kReply);
    });
    ASSERT_TRUE(connects(2));

    ASSERT_TRUE(thread_.waitFor(
        [this] { return std::count(deliveries_.begin(), deliveries_.end(), Delivery::kDelivered) >= 3; }));
    EXPECT_NE(broker.log().find("edge/pi-1/response"), std::string::npos);
}

}  // namespace
}  // namespace edge
