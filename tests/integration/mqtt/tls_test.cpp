// SPDX-License-Identifier: MIT
#include "client_fixture.hpp"
#include "integration/support/certificates.hpp"

namespace edge {
namespace {

using Kind = ConnectionFailure::Kind;
using Validity = CertificateAuthority::Validity;

constexpr const char* kTlsListener =
    "listener ${PORT} 127.0.0.1\nallow_anonymous true\ncertfile ${DIR}/server.pem\nkeyfile ${DIR}/server.key\n";

class Tls : public ClientFixture {
  protected:
    /// A broker with this certificate.
    static std::unique_ptr<Mosquitto> brokerWith(const CertificateAuthority::Pair& pair, const std::string& more = "") {
        auto broker = std::make_unique<Mosquitto>(kTlsListener + more);
        broker->dir().write("server.pem", readWholeFile(pair.certFile));
        broker->dir().write("server.key", readWholeFile(pair.keyFile));
        broker->start();
        return broker;
    }
    static ConnectOptions tlsOptionsFor(const Mosquitto& broker, const std::string& caFile) {
        ConnectOptions options = optionsFor(broker.port());
        options.server = {Scheme::kMqtts, "localhost", broker.port(), ""};
        options.tls.caFile = caFile;
        return options;
    }
    /// How connecting fails, twice in a row: a library that checks only the first time would be found out.
    ConnectionFailure failureOf(const Mosquitto& broker, const ConnectOptions& options) {
        for (int i = 0; i < 2; ++i) {
            const auto client = connect(options);
            EXPECT_TRUE(client->fails());
            if (i == 1) {
                EXPECT_EQ(broker.log().find("New client connected"), std::string::npos)
                    << "no CONNECT before the verification";
                return client->failed.value_or(ConnectionFailure{});
            }
        }
        return {};
    }

    CertificateAuthority ca_;
};

TEST_F(Tls, ConnectsByNameAndByAddress) {
    const auto broker = brokerWith(ca_.issue("localhost", "DNS:localhost,IP:127.0.0.1"));
    for (const char* host : {"localhost", "127.0.0.1"}) {
        ConnectOptions options = tlsOptionsFor(*broker, ca_.caFile());
        options.server.host = host;

        const auto client = connect(options);

        ASSERT_TRUE(client->connects()) << client->failed->message;
        EXPECT_EQ(client->publish({.topic = "t", .payload = std::string(300'000, 'x')}) & ~0x10, 0);
    }
}

TEST_F(Tls, RefusesACertificateForAnotherHost) {
    const auto broker = brokerWith(ca_.issue("wrong.example", "DNS:wrong.example"));

    const ConnectionFailure failure = failureOf(*broker, tlsOptionsFor(*broker, ca_.caFile()));

    EXPECT_EQ(failure.kind, Kind::kTls);
    EXPECT_NE(failure.message.find("not for localhost"), std::string::npos) << failure.message;
}

TEST_F(Tls, RefusesACertificateOfAnUnknownCa) {
    const auto broker = brokerWith(ca_.issue("localhost", "DNS:localhost"));
    const CertificateAuthority other("Other CA");

    const ConnectionFailure failure = failureOf(*broker, tlsOptionsFor(*broker, other.caFile()));

    EXPECT_EQ(failure.kind, Kind::kTls);
    EXPECT_NE(failure.message.find("unknown CA"), std::string::npos) << failure.message;
}

TEST_F(Tls, RefusesWhatTheSystemDoesNotTrustWhereNoCaIsConfigured) {
    const auto broker = brokerWith(ca_.issue("localhost", "DNS:localhost"));

    const ConnectionFailure failure = failureOf(*broker, tlsOptionsFor(*broker, ""));

    EXPECT_EQ(failure.kind, Kind::kTls);
    EXPECT_NE(failure.message.find("mqtt.tls.ca_file"), std::string::npos) << failure.message;
}

TEST_F(Tls, RefusesAnExpiredCertificate) {
    const auto broker = brokerWith(ca_.issue("localhost", "DNS:localhost", Validity::kExpired));

    const ConnectionFailure failure = failureOf(*broker, tlsOptionsFor(*broker, ca_.caFile()));

    EXPECT_EQ(failure.kind, Kind::kTls);
    EXPECT_NE(failure.message.find("expired on 2020-02-01"), std::string::npos) << failure.message;
}

TEST_F(Tls, TellsACertificateOfTheFutureApartBecauseTheClockMayBeWrong) {
    const auto broker = brokerWith(ca_.issue("localhost", "DNS:localhost", Validity::kNotYet));

    const ConnectionFailure failure = failureOf(*broker, tlsOptionsFor(*broker, ca_.caFile()));

    EXPECT_EQ(failure.kind, Kind::kTlsNotYetValid);
    EXPECT_NE(failure.message.find("2099-01-01"), std::string::npos) << failure.message;
}

TEST_F(Tls, NamesACaFileThatCannotBeRead) {
    const auto broker = brokerWith(ca_.issue("localhost", "DNS:localhost"));

    const ConnectionFailure failure = failureOf(*broker, tlsOptionsFor(*broker, "/nonexistent/ca.pem"));

    EXPECT_EQ(failure.kind, Kind::kTls);
    EXPECT_NE(failure.message.find("/nonexistent/ca.pem"), std::string::npos) << failure.message;
}

TEST_F(Tls, ConnectsWithAClientCertificate) {
    const auto broker =
        brokerWith(ca_.issue("localhost", "DNS:localhost"), "require_certificate true\ncafile " + ca_.caFile() + "\n");
    ConnectOptions options = tlsOptionsFor(*broker, ca_.caFile());
    const auto own = ca_.issue("pi-1", "DNS:pi-1");
    options.tls.certFile = own.certFile;
    options.tls.keyFile = own.keyFile;
    const auto client = connect(options);
    ASSERT_TRUE(client->connects()) << client->failed->message;

    options.tls = {ca_.caFile(), "", ""};
    EXPECT_TRUE(connect(options)->fails());
}

TEST_F(Tls, SaysThatNobodyListens) {
    ConnectOptions options = optionsFor(freePort());
    options.server.scheme = Scheme::kMqtts;
    options.tls.caFile = ca_.caFile();

    const auto client = connect(options);

    ASSERT_TRUE(client->fails());
    EXPECT_EQ(client->failed->kind, Kind::kNetwork);
    EXPECT_NE(client->failed->message.find("Connection refused"), std::string::npos) << client->failed->message;
}

TEST_F(Tls, SaysThatAPortSpeaksNoTls) {
    Mosquitto plain;
    plain.start();
    ConnectOptions options = tlsOptionsFor(plain, ca_.caFile());

    const auto client = connect(options);

    ASSERT_TRUE(client->fails());
    EXPECT_EQ(client->failed->kind, Kind::kTls);
}

TEST_F(Tls, TellsAWrongLoginOverTls) {
    const auto broker = brokerWith(ca_.issue("localhost", "DNS:localhost"));
    Mosquitto locked(std::string(kTlsListener).replace(std::string(kTlsListener).find("true"), 4, "false"));
    locked.dir().write("server.pem", readWholeFile(broker->dir().file("server.pem")));
    locked.dir().write("server.key", readWholeFile(broker->dir().file("server.key")));
    locked.start();

    const auto client = connect(tlsOptionsFor(locked, ca_.caFile()));

    ASSERT_TRUE(client->fails());
    EXPECT_EQ(client->failed->kind, Kind::kRefusedLogin);
}

}  // namespace
}  // namespace edge
