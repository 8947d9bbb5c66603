// SPDX-License-Identifier: MIT
#include <sys/socket.h>

#include "client_fixture.hpp"
#include "integration/support/certificates.hpp"

namespace edge {
namespace {

class Websocket : public ClientFixture {
  protected:
    void sendsAndReceives(ClientUnderTest& client) {
        ASSERT_TRUE(client.connects()) << client.failed->message;
        client.subscribe({"t"});
        const std::string picture(300'000, 'x');
        EXPECT_EQ(client.publish({.topic = "t", .payload = "small"}), 0);
        EXPECT_EQ(client.publish({.topic = "t", .payload = picture}), 0);
        ASSERT_TRUE(client.receives(2));
        EXPECT_EQ(client.messages[0].payload, "small");
        EXPECT_EQ(client.messages[1].payload, picture);
    }
};

TEST_F(Websocket, WorksWithAndWithoutAPath) {
    Mosquitto broker(
        "listener ${PORT2} 127.0.0.1\nlistener ${PORT} 127.0.0.1\nprotocol websockets\nallow_anonymous true\n");
    broker.start();
    for (const char* path : {"", "/mqtt"}) {
        ConnectOptions options = optionsFor(broker.port());
        options.server = {Scheme::kWs, "localhost", broker.port(), path};
        const auto client = connect(options);
        sendsAndReceives(*client);
    }
}

TEST_F(Websocket, AsksForThePathAndTheHostThatWereConfigured) {
    std::string request;
    StubServer server([&request](int fd) {
        char byte = 0;
        while (request.find("\r\n\r\n") == std::string::npos && recv(fd, &byte, 1, 0) == 1) request.push_back(byte);
    });
    {
        ConnectOptions options = optionsFor(server.port());
        options.server = {Scheme::kWs, "localhost", server.port(), "/some/where"};
        EXPECT_TRUE(connect(options)->fails());
    }
    server.cutAll();

    EXPECT_NE(request.find("GET /some/where HTTP/1.1"), std::string::npos) << request;
    EXPECT_NE(request.find("Host: localhost"), std::string::npos) << request;
}

TEST_F(Websocket, WorksOverTls) {
    const CertificateAuthority ca;
    const auto pair = ca.issue("localhost", "DNS:localhost");
    Mosquitto broker(
        "listener ${PORT2} 127.0.0.1\nlistener ${PORT} 127.0.0.1\nprotocol websockets\nallow_anonymous true\n"
        "certfile " +
        pair.certFile + "\nkeyfile " + pair.keyFile + "\n");
    broker.start();
    ConnectOptions options = optionsFor(broker.port());
    options.server = {Scheme::kWss, "localhost", broker.port(), ""};
    options.tls.caFile = ca.caFile();

    const auto client = connect(options);

    sendsAndReceives(*client);
}

TEST_F(Websocket, WorksWithAnIpv6Address) {
    const CertificateAuthority ca;
    const auto pair = ca.issue("localhost", "IP:::1");
    const std::string tls = "certfile " + pair.certFile + "\nkeyfile " + pair.keyFile + "\n";
    for (const Scheme scheme : {Scheme::kWs, Scheme::kWss}) {
        Mosquitto broker(
            "listener ${PORT2} 127.0.0.1\nlistener ${PORT} 127.0.0.1\nprotocol websockets\nallow_anonymous true\n" +
            (scheme == Scheme::kWss ? tls : ""));
        broker.start();
        StubServer server([&broker](int fd) { relay(fd, broker.port()); }, true);
        ConnectOptions options = optionsFor(server.port());
        options.server = {scheme, "::1", server.port(), ""};
        options.resolvedAddress = "::1";
        options.tls.caFile = ca.caFile();

        const auto client = connect(options);

        EXPECT_TRUE(client->connects()) << client->failed->message;
    }
}

TEST_F(Websocket, SendsAHostHeaderForAnIpv6Address) {
    std::string request;
    StubServer server([&request](int fd) {
        char byte = 0;
        while (request.find("\r\n\r\n") == std::string::npos && recv(fd, &byte, 1, 0) == 1) request.push_back(byte);
    });
    {
        ConnectOptions options = optionsFor(server.port());
        options.server = {Scheme::kWs, "fd00::7", server.port(), ""};
        EXPECT_TRUE(connect(options)->fails());
    }
    server.cutAll();

    EXPECT_NE(request.find("Host: [fd00::7]:" + std::to_string(server.port()) + "\r\n"), std::string::npos) << request;
}

std::string readHead(int fd) {
    std::string head;
    char byte = 0;
    while (head.find("\r\n\r\n") == std::string::npos && recv(fd, &byte, 1, 0) == 1) head.push_back(byte);
    return head;
}

TEST_F(Websocket, WorksBehindAReverseProxy) {
    Mosquitto broker(
        "listener ${PORT2} 127.0.0.1\nlistener ${PORT} 127.0.0.1\nprotocol websockets\nallow_anonymous true\n");
    broker.start();
    StubServer proxy([&broker](int fd) {
        const UniqueFd upstream = connectTo(broker.port());
        sendAll(upstream.get(), readHead(fd));
        // The broker's answer is made longer, comes in two segments, and has a ping behind it.
        std::string head = readHead(upstream.get());
        head.insert(head.find("\r\n") + 2, "Content-Security-Policy: " + std::string(3000, 'x') + "\r\n");
        sendAll(fd, std::string_view(head).substr(0, 1500));
        sendAll(fd, std::string_view(head).substr(1500));
        sendAll(fd, std::string_view("\x89\x00", 2));
        relayBetween(fd, upstream.get());
    });
    ConnectOptions options = optionsFor(proxy.port());
    options.server = {Scheme::kWs, "localhost", proxy.port(), ""};

    const auto client = connect(options);

    sendsAndReceives(*client);
}

TEST_F(Websocket, NamesWhatAWebServerAnswersInstead) {
    for (const char* status :
         {"404 Not Found", "502 Bad Gateway", "301 Moved Permanently\r\nLocation: https://here/"}) {
        StubServer server([status](int fd) {
            readHead(fd);
            sendAll(fd, "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 0\r\n\r\n");
            readHead(fd);
        });
        ConnectOptions options = optionsFor(server.port());
        options.server = {Scheme::kWs, "localhost", server.port(), "/mqtt"};

        const auto client = connect(options);

        ASSERT_TRUE(client->fails());
        EXPECT_NE(client->failed->message.find(std::string(status).substr(0, 3)), std::string::npos)
            << client->failed->message;
    }
}

TEST_F(Websocket, VerifiesTheCertificateToo) {
    const CertificateAuthority ca;
    const auto pair = ca.issue("wrong.example", "DNS:wrong.example");
    Mosquitto broker(
        "listener ${PORT2} 127.0.0.1\nlistener ${PORT} 127.0.0.1\nprotocol websockets\nallow_anonymous true\n"
        "certfile " +
        pair.certFile + "\nkeyfile " + pair.keyFile + "\n");
    broker.start();
    ConnectOptions options = optionsFor(broker.port());
    options.server = {Scheme::kWss, "localhost", broker.port(), ""};
    options.tls.caFile = ca.caFile();

    const auto client = connect(options);

    ASSERT_TRUE(client->fails());
    EXPECT_EQ(client->failed->kind, ConnectionFailure::Kind::kTls);
}

}  // namespace
}  // namespace edge
