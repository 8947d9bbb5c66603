// SPDX-License-Identifier: MIT
#include "client_fixture.hpp"
#include "integration/support/certificates.hpp"

namespace edge {
namespace {

/// The shipped snippet with the places of this test instead of the system's.
std::string snippet(const std::string& name, const std::vector<std::pair<std::string, std::string>>& replacements) {
    std::string text = readWholeFile(std::string(EDGE_SOURCE_DIR) + "/config/mosquitto/" + name);
    EXPECT_FALSE(text.empty()) << name;
    for (const auto& [what, with] : replacements) {
        std::size_t count = 0;
        for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
            text.replace(at, what.size(), with);
            ++count;
        }
        EXPECT_GT(count, 0u) << what << " is not in " << name;
    }
    return text;
}

class BrokerConfig : public ClientFixture {};

TEST_F(BrokerConfig, ClassroomServesTheAgentItsPicturesAndWebsockets) {
    Mosquitto broker(snippet("classroom.conf", {{"listener 1883", "listener ${PORT} 127.0.0.1"},
                                                {"/etc/mosquitto/pi-edge/", "${DIR}/"}}) +
                     snippet("classroom-viewer.conf", {{"listener 9001", "listener ${PORT2} 127.0.0.1"},
                                                       {"/usr/share/pi-edge-viewer", "${DIR}"}}));
    broker.setPasswords({"class:chalk"});
    broker.start();
    ConnectOptions options = optionsFor(broker.port());
    options.username = "class";
    options.password = "chalk";
    const auto client = connect(options);
    ConnectOptions overWebsockets = options;
    overWebsockets.server = optionsFor(broker.port2()).server;
    overWebsockets.server.scheme = Scheme::kWs;

    ASSERT_TRUE(client->connects()) << client->failed->message;
    EXPECT_EQ(client->publish({.topic = "jpeg", .payload = std::string(900'000, 'x')}) & ~0x10, 0);
    EXPECT_EQ(client->connected->limits.packetSize, 1'000'000u);
    EXPECT_TRUE(connect(overWebsockets)->connects());
    EXPECT_TRUE(connect(optionsFor(broker.port()))->fails());
}

class TlsBrokerConfig : public ClientFixture {
  protected:
    void SetUp() override {
        const auto pair = ca_.issue("localhost", "DNS:localhost");
        broker_.dir().write("server.pem", readWholeFile(pair.certFile));
        broker_.dir().write("server.key", readWholeFile(pair.keyFile));
        broker_.dir().write("tls.acl", snippet("tls.acl", {{"user garden", "user pi-1"}}));
        broker_.setPasswords({"pi-1:one", "pi-2:two", "operator:boss"});
        broker_.start();
    }
    std::unique_ptr<ClientUnderTest> login(const std::string& user, const std::string& password) {
        ConnectOptions options = optionsFor(broker_.port());
        options.server = {Scheme::kMqtts, "localhost", broker_.port(), ""};
        options.tls.caFile = ca_.caFile();
        options.clientId = options.username = user;
        options.password = password;
        return connect(options);
    }

    CertificateAuthority ca_;
    Mosquitto broker_{
        snippet("tls.conf", {{"listener 8883", "listener ${PORT} 127.0.0.1"}, {"/etc/mosquitto/pi-edge/", "${DIR}/"}})};
};

TEST_F(TlsBrokerConfig, AsksForAPassword) {
    EXPECT_TRUE(login("pi-1", "one")->connects());
    EXPECT_TRUE(login("pi-1", "two")->fails());
    EXPECT_TRUE(login("", "")->fails());
}

TEST_F(TlsBrokerConfig, LetsADeviceUseItsOwnTopics) {
    const auto device = login("pi-1", "one");
    ASSERT_TRUE(device->connects());
    for (const char* topic : {"edge/pi-1/response", "edge/pi-1/status", "edge/pi-1/info", "edge/pi-1/health",
                              "edge/pi-1/publishing", "edge/pi-1/image", "edge/pi-1/jpeg", "edge/pi-1/camera/status",
                              "edge/pi-1/sensor/room", "edge/pi-1/sensor/room/backlog", "edge/pi-1/sensor/room/status",
                              "edge/pi-1/gpio/led", "room/temp", "jpeg", "homeassistant/device/pi-1/config"}) {
        EXPECT_LT(device->publish({.topic = topic, .payload = "x"}), 0x80) << topic;
    }
}

TEST_F(TlsBrokerConfig, LetsNoDeviceSpeakForAnother) {
    const auto device = login("pi-1", "one");
    ASSERT_TRUE(device->connects());
    for (const char* topic : {"edge/pi-2/status", "edge/pi-2/command", "command", "homeassistant/device/pi-2/config"}) {
        EXPECT_GE(device->publish({.topic = topic, .payload = "x"}), 0x80) << topic;
    }
}

TEST_F(TlsBrokerConfig, LetsOneUserWriteThePlainTopics) {
    const auto device = login("pi-2", "two");
    const auto boss = login("operator", "boss");
    ASSERT_TRUE(device->connects() && boss->connects());
    for (const char* topic : {"room/temp", "jpeg"}) {
        EXPECT_GE(device->publish({.topic = topic, .payload = "99"}), 0x80) << topic;
        EXPECT_GE(boss->publish({.topic = topic, .payload = "99"}), 0x80) << topic;
    }
}

TEST_F(TlsBrokerConfig, LetsTheOperatorCommandADeviceAndNobodyListenIn) {
    const auto device = login("pi-1", "one");
    const auto other = login("pi-2", "two");
    const auto boss = login("operator", "boss");
    ASSERT_TRUE(device->connects() && other->connects() && boss->connects());
    device->subscribe({"edge/pi-1/command", "command"});
    other->subscribe({"edge/pi-1/command", "command"});

    boss->publish({.topic = "edge/pi-1/command", .payload = "capture"});
    boss->publish({.topic = "command", .payload = "start"});

    ASSERT_TRUE(device->receives(2) && other->receives(1));
    EXPECT_EQ(other->messages[0].payload, "start");
    EXPECT_EQ(other->messages.size(), 1u);
}

/// The broker of a site, and the central one that it passes everything on to.
class BridgeConfig : public ClientFixture {
  protected:
    void SetUp() override {
        const auto pair = ca_.issue("localhost", "DNS:localhost,IP:127.0.0.1");
        centre_.dir().write("server.pem", readWholeFile(pair.certFile));
        centre_.dir().write("server.key", readWholeFile(pair.keyFile));
        centre_.start();
        site_ = std::make_unique<Mosquitto>(
            std::string(Mosquitto::kOpen) + "persistence true\npersistence_location ${DIR}/\n" +
            // The address: with the name, the bridge of mosquitto 2.0.21 on Debian 13 ends in a TLS error.
            snippet("bridge.conf", {{"mqtt.example.org:8883", "127.0.0.1:" + std::to_string(centre_.port())},
                                    {"/etc/mosquitto/pi-edge/ca.pem", ca_.caFile()}}));
        site_->start();
    }
    std::unique_ptr<ClientUnderTest> atCentre(const std::string& id) {
        ConnectOptions options = optionsFor(centre_.port());
        options.server = {Scheme::kMqtts, "localhost", centre_.port(), ""};
        options.tls.caFile = ca_.caFile();
        options.clientId = id;
        options.cleanStart = false;
        options.sessionExpiry = std::chrono::hours{1};
        return connect(options);
    }

    CertificateAuthority ca_;
    Mosquitto centre_{
        "listener ${PORT} 127.0.0.1\ncertfile ${DIR}/server.pem\nkeyfile ${DIR}/server.key\nallow_anonymous true\n"
        "persistence true\npersistence_location ${DIR}/\n"};
    std::unique_ptr<Mosquitto> site_;
};

TEST_F(BridgeConfig, PassesOnWhatDevicesSayAndWhatTheyAreTold) {
    const auto operatorThere = atCentre("operator");
    const auto device = connect(optionsFor(site_->port()));
    ASSERT_TRUE(operatorThere->connects() && device->connects());
    operatorThere->subscribe({"edge/#"});
    device->subscribe({"edge/pi-1/command"});

    device->publish({.topic = "edge/pi-1/sensor/room", .payload = "first"});
    ASSERT_TRUE(operatorThere->receives(1));
    EXPECT_EQ(operatorThere->messages[0].payload, "first");
    operatorThere->publish({.topic = "edge/pi-1/command", .payload = "capture"});
    ASSERT_TRUE(device->receives(1));
    EXPECT_EQ(device->messages[0].payload, "capture");
}

TEST_F(BridgeConfig, KeepsWhatTheCentreMisses) {
    const auto device = connect(optionsFor(site_->port()));
    {
        const auto operatorThere = atCentre("operator");
        ASSERT_TRUE(operatorThere->connects() && device->connects());
        operatorThere->subscribe({"edge/#"});
        device->publish({.topic = "edge/pi-1/sensor/room", .payload = "0"});
        ASSERT_TRUE(operatorThere->receives(1));
    }
    centre_.end(SIGTERM);
    for (int i = 1; i <= 20; ++i) {
        EXPECT_LT(device->publish({.topic = "edge/pi-1/sensor/room", .payload = std::to_string(i)}), 0x80) << i;
    }
    centre_.start();
    const auto operatorThere = atCentre("operator");
    ASSERT_TRUE(operatorThere->connects());
    ASSERT_TRUE(operatorThere->receives(20));
    for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(operatorThere->messages[i].payload, std::to_string(i + 1));
}

}  // namespace
}  // namespace edge
