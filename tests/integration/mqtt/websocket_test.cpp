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
