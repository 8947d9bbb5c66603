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

TEST_F(Tls, ConnectsToAnIpv6Address) {
    Mosquitto broker(
        "listener ${PORT} 127.0.0.1\nlistener ${PORT} ::1\nallow_anonymous true\n"
        "certfile ${DIR}/server.pem\nkeyfile ${DIR}/server.key\n");
    const auto pair = ca_.issue("localhost", "DNS:localhost,IP:::1");
    broker.dir().write("server.pem", readWholeFile(pair.certFile));
    broker.dir().write("server.key", readWholeFile(pair.keyFile));
    broker.start();
    for (const char* host : {"::1", "localhost"}) {
        ConnectOptions options = tlsOptionsFor(broker, ca_.caFile());
        options.server.host = host;
        options.resolvedAddress = "::1";

        const auto client = connect(options);

        ASSERT_TRUE(client->connects()) << client->failed->message;
    }
}

TEST_F(Tls, RefusesACertificateForAnotherIpv6Address) {
    Mosquitto broker(
        "listener ${PORT} 127.0.0.1\nlistener ${PORT} ::1\nallow_anonymous true\n"
        "certfile ${DIR}/server.pem\nkeyfile ${DIR}/server.key\n");
    const auto pair = ca_.issue("localhost", "DNS:localhost,IP:::2");
    broker.dir().write("server.pem", readWholeFile(pair.certFile));
    broker.dir().write("server.key", readWholeFile(pair.keyFile));
    broker.start();
    ConnectOptions options = tlsOptionsFor(broker, ca_.caFile());
    options.server.host = options.resolvedAddress = "::1";

    EXPECT_EQ(failureOf(broker, options).kind, Kind::kTls);
}

TEST_F(Tls, ConnectsToTheAddressThatIsToBeTried) {
    Mosquitto broker(
        "listener ${PORT} 127.0.0.1\nlistener ${PORT} 127.0.0.2\nallow_anonymous true\n"
        "certfile ${DIR}/server.pem\nkeyfile ${DIR}/server.key\n");  // TLS on the second listener only
    const auto pair = ca_.issue("localhost", "DNS:localhost");
    broker.dir().write("server.pem", readWholeFile(pair.certFile));
    broker.dir().write("server.key", readWholeFile(pair.keyFile));
    broker.start();
    ConnectOptions options = tlsOptionsFor(broker, ca_.caFile());
    options.resolvedAddress = "127.0.0.2";
    const auto client = connect(options);
    ASSERT_TRUE(client->connects()) << client->failed->message;

    options.resolvedAddress = "127.0.0.1";
    const auto elsewhere = connect(options);
    ASSERT_TRUE(elsewhere->fails());
    EXPECT_EQ(elsewhere->failed->kind, Kind::kTls) << "and the reason is looked for at the same address";
}

TEST_F(Tls, NamesTheCertificateThatIsMissing) {
    const CertificateAuthority between("Between CA", ca_);
    const auto pair = between.issue("localhost", "DNS:localhost");
    const auto alone = brokerWith(pair);
    const std::string notSent = failureOf(*alone, tlsOptionsFor(*alone, ca_.caFile())).message;
    EXPECT_NE(notSent.find("\"Between CA\""), std::string::npos) << notSent;
    EXPECT_NE(notSent.find("does not send it"), std::string::npos) << notSent;

    const CertificateAuthority::Pair chain{
        alone->dir().write("chain.pem", readWholeFile(pair.certFile) + readWholeFile(between.caFile())), pair.keyFile};
    const auto broker = brokerWith(chain);
    const auto client = connect(tlsOptionsFor(*broker, ca_.caFile()));
    ASSERT_TRUE(client->connects()) << client->failed->message;

    const auto another = brokerWith(chain);
    const std::string noRoot = failureOf(*another, tlsOptionsFor(*another, between.caFile())).message;
    EXPECT_NE(noRoot.find("\"Test CA\""), std::string::npos) << noRoot;
    EXPECT_NE(noRoot.find("mqtt.tls.ca_file"), std::string::npos) << noRoot;

    const CertificateAuthority sameName("Test CA");
    const std::string otherKey = failureOf(*another, tlsOptionsFor(*another, sameName.caFile())).message;
    EXPECT_NE(otherKey.find("same name"), std::string::npos) << otherKey;
}

/// With TLS 1.3, where it says so after the handshake.
TEST_F(Tls, SaysWhatTheBrokerHasAgainstOurCertificate) {
    const auto broker =
        brokerWith(ca_.issue("localhost", "DNS:localhost"), "require_certificate true\ncafile " + ca_.caFile() + "\n");
    const auto failureWith = [&](const CertificateAuthority::Pair& own) {
        ConnectOptions options = tlsOptionsFor(*broker, ca_.caFile());
        options.tls.certFile = own.certFile;
        options.tls.keyFile = own.keyFile;
        const auto client = connect(options);
        EXPECT_TRUE(client->fails());
        return client->failed.value_or(ConnectionFailure{});
    };

    const ConnectionFailure none = failureWith({});
    EXPECT_EQ(none.kind, Kind::kTls) << none.message;
    EXPECT_NE(none.message.find("wants a client certificate"), std::string::npos) << none.message;
    const CertificateAuthority other("Other CA");
    const ConnectionFailure foreign = failureWith(other.issue("pi-1", "DNS:pi-1"));
    EXPECT_EQ(foreign.kind, Kind::kTls);
    EXPECT_NE(foreign.message.find("does not accept"), std::string::npos) << foreign.message;
    const ConnectionFailure expired = failureWith(ca_.issue("pi-1", "DNS:pi-1", Validity::kExpired));
    EXPECT_EQ(expired.kind, Kind::kTls);
    EXPECT_NE(expired.message.find("has expired"), std::string::npos) << expired.message;
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
    EXPECT_NE(client->failed->message.find("mqtt://"), std::string::npos) << client->failed->message;
}

TEST_F(Tls, SaysThatAPortIsForTls) {
    const auto broker = brokerWith(ca_.issue("localhost", "DNS:localhost"));
    for (const Scheme scheme : {Scheme::kMqtt, Scheme::kWs}) {
        ConnectOptions options = optionsFor(broker->port());
        options.server.scheme = scheme;

        const auto client = connect(options);

        ASSERT_TRUE(client->fails());
        EXPECT_NE(client->failed->message.find("TLS"), std::string::npos) << client->failed->message;
    }
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
