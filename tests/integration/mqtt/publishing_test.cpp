// SPDX-License-Identifier: MIT
#include <future>

#include <fmt/format.h>

#include "client_fixture.hpp"

namespace edge {
namespace {

class Publishing : public ClientFixture {
  protected:
    /// Publishes `count` messages of `bytes` at QoS 1 with at most `window` in flight; how long that took.
    SteadyTime::duration burst(ClientUnderTest& client, int count, std::size_t bytes, int window) {
        const auto message =
            std::make_shared<const Publication>(Publication{.topic = "burst", .payload = std::string(bytes, 'x')});
        int left = count;
        int acknowledged = 0;
        std::function<void()> sendOne = [&] {
            --left;
            client.client->publish(message, [&](int code) {
                EXPECT_EQ(code & ~0x10, 0);
                ++acknowledged;
                if (left > 0) sendOne();
            });
        };
        const auto begin = std::chrono::steady_clock::now();
        thread_.run([&] {
            for (int i = 0; i < window; ++i) sendOne();
        });
        EXPECT_TRUE(thread_.waitFor([&] { return acknowledged == count; }, seconds{60}));
        return std::chrono::steady_clock::now() - begin;
    }
};

TEST_F(Publishing, DeliversAtEveryQosInBothVersions) {
    Mosquitto broker;
    broker.start();
    for (const int version : {5, 4}) {
        const auto client = connect(optionsFor(broker.port(), version));
        ASSERT_TRUE(client->connects());
        EXPECT_EQ(client->subscribe({"#"}), std::vector<int>{0});
        for (const Qos qos : {Qos::kAtMostOnce, Qos::kAtLeastOnce, Qos::kExactlyOnce}) {
            EXPECT_EQ(client->publish({.topic = "t", .payload = "x", .qos = qos}), 0);
        }
        ASSERT_TRUE(client->receives(3));
        EXPECT_EQ(client->messages[2].qos, Qos::kExactlyOnce);
        client->disconnect();
    }
}

TEST_F(Publishing, CarriesAnyPayloadByteForByte) {
    Mosquitto broker;
    broker.start();
    const auto client = connect(optionsFor(broker.port()));
    ASSERT_TRUE(client->connects());
    client->subscribe({"#"});
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));

    client->publish({.topic = "t", .payload = all});
    client->publish({.topic = "t", .payload = ""});

    ASSERT_TRUE(client->receives(2));
    EXPECT_EQ(client->messages[0].payload, all);
    EXPECT_EQ(client->messages[1].payload, "");
}

TEST_F(Publishing, TellsWhatTheOtherMachineHasNotTaken) {
    std::promise<void> reads;
    StubServer slow([&](int fd) {
        readMqttPacket(fd);
        sendAll(fd, std::string_view("\x20\x02\x00\x00", 4));
        reads.get_future().wait();
        while (!readMqttPacket(fd).empty()) continue;
    });
    const auto client = connect(optionsFor(slow.port(), 4));
    ASSERT_TRUE(client->connects());
    const auto large = std::make_shared<const Publication>(
        Publication{.topic = "t", .payload = std::string(8 << 20, 'x'), .qos = Qos::kAtMostOnce});
    bool isWritten = false;

    thread_.run([&] { client->client->publish(large, [&](int) { isWritten = true; }); });
    EXPECT_TRUE(thread_.waitFor([&] { return client->client->unacknowledgedBytes() > 0; }));
    EXPECT_FALSE(isWritten);
    reads.set_value();
    EXPECT_TRUE(thread_.waitFor([&] { return isWritten && client->client->unacknowledgedBytes() == 0; }));
}

TEST_F(Publishing, RetainsWhatItIsToldTo) {
    Mosquitto broker;
    broker.start();
    const auto client = connect(optionsFor(broker.port()));
    ASSERT_TRUE(client->connects());
    client->publish({.topic = "state", .payload = "ON", .retain = Retain::kYes});

    client->subscribe({"state"});

    ASSERT_TRUE(client->receives(1));
    EXPECT_TRUE(client->messages[0].retained);
}

TEST_F(Publishing, SendsPropertiesThatOtherClientsRead) {
    Mosquitto broker;
    broker.start();
    const auto client = connect(optionsFor(broker.port()));
    ASSERT_TRUE(client->connects());
    client->publish({.topic = "jpeg",
                     .payload = "picture",
                     .retain = Retain::kYes,
                     .contentType = "image/jpeg",
                     .userProperties = {{"id", "7"}, {"transaction", "a1"}},
                     .responseTopic = "answers",
                     .correlationData = "c"});

    const std::string line = broker.receive(1, {"-V", "5", "-t", "jpeg", "-F", "%C|%P|%R|%D|%p"});

    EXPECT_EQ(line, "image/jpeg|id:7 transaction:a1|answers|c|picture\n");
}

TEST_F(Publishing, ReadsPropertiesOfOtherClients) {
    Mosquitto broker;
    broker.start();
    const auto client = connect(optionsFor(broker.port()));
    ASSERT_TRUE(client->connects());
    client->subscribe({"command"});

    broker.publish({"-V",
                    "5",
                    "-q",
                    "1",
                    "-t",
                    "command",
                    "-m",
                    "start",
                    "-D",
                    "publish",
                    "response-topic",
                    "my/answers",
                    "-D",
                    "publish",
                    "correlation-data",
                    "1234",
                    "-D",
                    "publish",
                    "user-property",
                    "id",
                    "7",
                    "-D",
                    "publish",
                    "user-property",
                    "id",
                    "8"});

    ASSERT_TRUE(client->receives(1));
    EXPECT_EQ(client->messages[0].responseTopic, "my/answers");
    EXPECT_EQ(client->messages[0].correlationData, "1234");
    const std::vector<std::pair<std::string, std::string>> properties{{"id", "7"}, {"id", "8"}};
    EXPECT_EQ(client->messages[0].userProperties, properties);
    EXPECT_EQ(client->messages[0].payload, "start");
}

TEST_F(Publishing, ReportsWhatTheAclDenies) {
    Mosquitto broker(std::string(Mosquitto::kOpen) + "acl_file ${DIR}/acl\n");
    broker.dir().write("acl", "topic write allowed\ntopic read may/read\n");
    broker.start();
    const auto client = connect(optionsFor(broker.port()));
    ASSERT_TRUE(client->connects());

    EXPECT_GE(client->publish({.topic = "forbidden", .payload = "x"}), 0x80);
    EXPECT_LT(client->publish({.topic = "allowed", .payload = "x"}), 0x80);
    EXPECT_FALSE(client->lost) << "the connection stays";
}

TEST_F(Publishing, ReportsRefusedSubscriptionsOneByOne) {
    for (const int version : {5, 4}) {
        StubServer broker([version](int fd) {
            using namespace std::string_view_literals;
            readMqttPacket(fd);
            sendAll(fd, version == 5 ? "\x20\x03\x00\x00\x00"sv : "\x20\x02\x00\x00"sv);
            for (const std::string_view code : {version == 5 ? "\x87" : "\x80", "\x02"}) {
                const std::string id = readMqttPacket(fd).substr(2, 2);
                const std::string properties = version == 5 ? std::string(1, '\0') : "";
                sendAll(fd, fmt::format("{}{}{}{}", version == 5 ? "\x90\x04" : "\x90\x03", id, properties, code));
            }
            readMqttPacket(fd);
        });
        const auto client = connect(optionsFor(broker.port(), version));
        ASSERT_TRUE(client->connects());

        EXPECT_EQ(client->subscribe({"a", "b"}), (std::vector<int>{version == 5 ? 0x87 : 0x80, 0}));
    }
}

TEST_F(Publishing, SurvivesMoreAnswersThanQuestions) {
    StubServer broker([](int fd) {
        using namespace std::string_view_literals;
        readMqttPacket(fd);
        sendAll(fd, "\x20\x03\x00\x00\x00"sv);
        const std::string id = readMqttPacket(fd).substr(2, 2);
        sendAll(fd, "\x90\x06" + id + std::string("\0\x87\x02\x01", 4));
        readMqttPacket(fd);
    });
    const auto client = connect(optionsFor(broker.port(), 5));
    ASSERT_TRUE(client->connects());

    EXPECT_EQ(client->subscribe({"a"}), std::vector<int>{0x87});
}

TEST_F(Publishing, ReportsTheRefusalOfASingleSubscription) {
    for (const int version : {5, 4}) {
        StubServer broker([version](int fd) {
            using namespace std::string_view_literals;
            readMqttPacket(fd);
            sendAll(fd, version == 5 ? "\x20\x03\x00\x00\x00"sv : "\x20\x02\x00\x00"sv);
            const std::string id = readMqttPacket(fd).substr(2, 2);
            sendAll(fd, version == 5 ? "\x90\x04" + id + std::string("\0\x87", 2) : "\x90\x03" + id + "\x80");
            readMqttPacket(fd);
        });
        const auto client = connect(optionsFor(broker.port(), version));
        ASSERT_TRUE(client->connects());

        EXPECT_EQ(client->subscribe({"a"}), (std::vector<int>{version == 5 ? 0x87 : 0x80}));
    }
}

TEST_F(Publishing, LosesNothingOfItsOwnOnATopicThatIsNoUtf8) {
    Mosquitto broker;
    broker.start();
    const auto client = connect(optionsFor(broker.port()));
    ASSERT_TRUE(client->connects());

    EXPECT_EQ(client->publish({.topic = "\xff", .payload = "x"}), 0x90);
    EXPECT_EQ(client->publish({.topic = "t", .payload = "x"}) & ~0x10, 0);
}

TEST_F(Publishing, LetsAPayloadOf64KiBInAndNothingMuchLarger) {
    Mosquitto broker;
    broker.start();
    ConnectOptions options = optionsFor(broker.port());
    options.maximumPacketSize = 72 * 1024;
    const auto client = connect(options);
    ASSERT_TRUE(client->connects());
    client->subscribe({"command"});
    const std::string huge = broker.dir().write("huge", std::string(200'000, 'h'));
    const std::string large = broker.dir().write("large", std::string(65536, 'l'));

    broker.publish({"-V", "5", "-q", "1", "-t", "command", "-f", huge});
    broker.publish(
        {"-V", "5", "-q", "1", "-t", "command", "-f", large, "-D", "publish", "response-topic", std::string(200, 'r')});

    ASSERT_TRUE(client->receives(1));
    EXPECT_EQ(client->messages[0].payload.size(), 65536u);
    EXPECT_FALSE(client->lost);
}

TEST_F(Publishing, DoesNotStallInABurstWithAWindow) {
    Mosquitto broker;
    broker.start();
    const auto client = connect(optionsFor(broker.port()));
    ASSERT_TRUE(client->connects());
    const auto oneByOne = burst(*client, 200, 20, 1);
    const auto windowed = burst(*client, 200, 20, 16);

    // Paho 1.3.12 stands still for a second each time its own window is full: 200 messages took nine. One by one it
    // cannot.
    EXPECT_LT(windowed, oneByOne * 3 + milliseconds{500});
}

TEST_F(Publishing, DeliversPicturesWithoutStalls) {
    Mosquitto broker;
    broker.start();
    const auto client = connect(optionsFor(broker.port()));
    ASSERT_TRUE(client->connects());
    const auto oneByOne = burst(*client, 20, 300'000, 1);
    const auto windowed = burst(*client, 20, 300'000, 4);

    EXPECT_LT(windowed, oneByOne * 3 + milliseconds{500});
}

TEST_F(Publishing, EndsPublicationsThatComeAfterTheConnection) {
    Mosquitto broker;
    broker.start();
    const auto client = connect(optionsFor(broker.port()));
    ASSERT_TRUE(client->connects());
    broker.end(9);
    ASSERT_TRUE(client->isLost());

    EXPECT_EQ(client->publish({.topic = "t", .payload = "x"}), -1);
}

}  // namespace
}  // namespace edge
