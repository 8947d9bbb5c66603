// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <array>
#include <ifaddrs.h>
#include <thread>

#include "client_fixture.hpp"

namespace edge {
namespace {

using Kind = ConnectionFailure::Kind;

class Connecting : public ClientFixture {};

TEST_F(Connecting, WorksWithBothVersions) {
    Mosquitto broker;
    broker.start();
    for (const int version : {5, 4}) {
        const auto client = connect(optionsFor(broker.port(), version));

        ASSERT_TRUE(client->connects()) << client->failed->message;
        EXPECT_EQ(client->connected->limits.protocolVersion, version);
        EXPECT_FALSE(client->connected->sessionPresent);
        client->disconnect();
    }
}

TEST_F(Connecting, WorksOverIpv6) {
    Mosquitto broker("listener ${PORT} ::1\nlistener ${PORT} 127.0.0.1\nallow_anonymous true\n");
    broker.start();
    ConnectOptions options = optionsFor(broker.port());
    options.server.host = options.resolvedAddress = "::1";

    const auto client = connect(options);

    ASSERT_TRUE(client->connects()) << client->failed->message;
}

/// An address of this machine that means something on one of its interfaces only; {} where it has none.
sockaddr_in6 linkLocalAddress() {
    ifaddrs* all = nullptr;
    if (::getifaddrs(&all) != 0) return {};
    sockaddr_in6 found{};
    for (const ifaddrs* entry = all; entry != nullptr; entry = entry->ifa_next) {
        if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET6) continue;
        const auto* address = reinterpret_cast<const sockaddr_in6*>(entry->ifa_addr);
        if (IN6_IS_ADDR_LINKLOCAL(&address->sin6_addr)) found = *address;
    }
    ::freeifaddrs(all);
    return found;
}

TEST_F(Connecting, WorksWithALinkLocalAddress) {
    sockaddr_in6 address = linkLocalAddress();
    if (address.sin6_family == 0) GTEST_SKIP() << "this machine has no link-local address";
    const UniqueFd listener(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(listener.get(), 1), 0);
    ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    std::thread broker([&] {
        const UniqueFd fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        readMqttPacket(fd.get());
        sendAll(fd.get(), std::string_view("\x20\x03\x00\x00\x00", 5));
        readMqttPacket(fd.get());
    });
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET6, &address.sin6_addr, text.data(), text.size());
    ConnectOptions options = optionsFor(ntohs(address.sin6_port));
    options.server.host = options.resolvedAddress =
        std::string(text.data()) + "%" + std::to_string(address.sin6_scope_id);

    auto client = connect(options);

    EXPECT_TRUE(client->connects()) << client->failed->message;
    client.reset();
    ::shutdown(listener.get(), SHUT_RDWR);
    broker.join();
}

TEST_F(Connecting, ReportsWhatTheBrokerAnnounces) {
    Mosquitto broker(std::string(Mosquitto::kOpen) +
                     "max_packet_size 100000\nmax_inflight_messages 7\nretain_available false\nmax_keepalive 15\n");
    broker.start();
    ConnectOptions options = optionsFor(broker.port());
    options.keepAlive = seconds{60};

    const auto client = connect(options);

    ASSERT_TRUE(client->connects()) << client->failed->message;
    EXPECT_EQ(client->connected->limits.packetSize, 100'000u);
    EXPECT_EQ(client->connected->receiveMaximum, 7);
    EXPECT_FALSE(client->connected->limits.retain);
    EXPECT_EQ(client->connected->limits.keepAlive, seconds{15});
    EXPECT_EQ(client->connected->limits.publishQos, Qos::kExactlyOnce);
}

TEST_F(Connecting, TellsARightLoginFromAWrongOne) {
    Mosquitto broker("listener ${PORT} 127.0.0.1\nallow_anonymous false\npassword_file ${DIR}/passwords\n");
    broker.setPasswords({"pi:geheim"});
    broker.start();
    for (const int version : {5, 4}) {
        ConnectOptions options = optionsFor(broker.port(), version);
        options.username = "pi";
        options.password = "geheim";
        EXPECT_TRUE(connect(options)->connects());

        options.password = "wrong";
        const auto wrong = connect(options);
        ASSERT_TRUE(wrong->fails());
        EXPECT_EQ(wrong->failed->kind, Kind::kRefusedLogin);
        EXPECT_NE(wrong->failed->message.find("password"), std::string::npos);
        EXPECT_EQ(wrong->failed->message.find("wrong"), std::string::npos) << "the secret stays out of messages";

        options.username.clear();
        options.password.clear();
        const auto anonymous = connect(options);
        ASSERT_TRUE(anonymous->fails());
        EXPECT_EQ(anonymous->failed->kind, Kind::kRefusedLogin);
    }
}

TEST_F(Connecting, SaysThatNobodyListens) {
    const auto client = connect(optionsFor(freePort()));

    ASSERT_TRUE(client->fails());
    EXPECT_EQ(client->failed->kind, Kind::kNetwork);
    EXPECT_NE(client->failed->message.find("127.0.0.1"), std::string::npos);
}

TEST_F(Connecting, GivesUpOnABrokerThatNeverAnswers) {
    StubServer silent([](int fd) {
        while (!readMqttPacket(fd).empty()) {
        }
    });
    ConnectOptions options = optionsFor(silent.port());
    options.connectTimeout = milliseconds{300};

    const auto client = connect(options);

    ASSERT_TRUE(client->fails());
    EXPECT_EQ(client->failed->kind, Kind::kNetwork);
    EXPECT_NE(client->failed->message.find("does not answer"), std::string::npos);
}

TEST_F(Connecting, DestroyingAClientNeverBlocksTheLoop) {
    StubServer silent([](int fd) {
        while (!readMqttPacket(fd).empty()) {
        }
    });
    auto client = connect(optionsFor(silent.port()));
    ASSERT_TRUE(thread_.waitFor([&] { return silent.connections() == 1; }));

    SteadyTime::duration took{};
    thread_.run([&] {
        const auto begin = std::chrono::steady_clock::now();
        client->client.reset();
        took = std::chrono::steady_clock::now() - begin;
    });

    // What it must not be is a wait for Paho (a second and more); what it is, is a post.
    EXPECT_LT(took, milliseconds{200});
    Mosquitto broker;
    broker.start();
    EXPECT_TRUE(connect(optionsFor(broker.port()))->connects()) << "and the next one is not held up";
}

TEST_F(Connecting, CallsNobodyBackAfterDestruction) {
    Mosquitto broker;
    broker.start();
    for (int i = 0; i < 20; ++i) {
        auto client = connect(optionsFor(broker.port()));
        client.reset();  // the handlers point into it
    }
    EXPECT_TRUE(connect(optionsFor(broker.port()))->connects());
}

/// Not with mosquitto 2.0.11, which closes the old connection without a word.
TEST_F(Connecting, ReportsAClientIdThatWasTakenOver) {
    StubServer broker([](int fd) {
        using namespace std::string_view_literals;
        readMqttPacket(fd);
        sendAll(fd, "\x20\x03\x00\x00\x00"sv);
        sendAll(fd, "\xe0\x02\x8e\x00"sv);
        readMqttPacket(fd);
    });
    const auto client = connect(optionsFor(broker.port(), 5));
    ASSERT_TRUE(client->connects());

    ASSERT_TRUE(client->isLost());
    EXPECT_EQ(client->lost->kind, Kind::kTakenOver);
    EXPECT_NE(client->lost->message.find("device.id"), std::string::npos);
}

TEST_F(Connecting, ReportsABrokerThatDied) {
    Mosquitto broker;
    broker.start();
    for (const int version : {5, 4}) {
        const auto client = connect(optionsFor(broker.port(), version));
        ASSERT_TRUE(client->connects());

        broker.end(SIGKILL);

        ASSERT_TRUE(client->isLost());
        EXPECT_EQ(client->lost->kind, Kind::kNetwork);
        broker.start();
    }
}

TEST_F(Connecting, RefusesAnOptionThatCannotBeSent) {
    Mosquitto broker;
    broker.start();
    ConnectOptions options = optionsFor(broker.port());
    options.username = "\xff\xfe";

    EXPECT_TRUE(connect(options)->fails());
}

}  // namespace
}  // namespace edge
