// SPDX-License-Identifier: MIT
#include "client_fixture.hpp"
#include "integration/support/certificates.hpp"

namespace edge {
namespace {

class TooLarge : public ClientFixture {
  protected:
    static std::unique_ptr<Mosquitto> brokerFor(Scheme scheme, const CertificateAuthority& ca) {
        const bool isTls = scheme == Scheme::kMqtts || scheme == Scheme::kWss;
        const bool isWebsocket = scheme == Scheme::kWs || scheme == Scheme::kWss;
        const auto pair = ca.issue("localhost", "DNS:localhost");
        std::string config = "allow_anonymous true\nlistener ${PORT} 127.0.0.1\nlistener ${PORT2} 127.0.0.1\n";
        if (isWebsocket) config += "protocol websockets\n";
        if (isTls) config += "certfile " + pair.certFile + "\nkeyfile " + pair.keyFile + "\n";
        auto broker = std::make_unique<Mosquitto>(config);
        broker->start();
        return broker;
    }
};

TEST_F(TooLarge, OnlyTheBeginningOfAMessageIsTakenAndTheConnectionStays) {
    constexpr std::size_t kLimit = std::size_t{65} * 1024;
    const CertificateAuthority ca;
    for (const Scheme scheme : {Scheme::kMqtt, Scheme::kMqtts, Scheme::kWs, Scheme::kWss}) {
        const auto broker = brokerFor(scheme, ca);
        const bool isWebsocket = scheme == Scheme::kWs || scheme == Scheme::kWss;
        const std::vector<std::string> levels =
            isWebsocket ? std::vector<std::string>{"1"} : std::vector<std::string>{"0", "1", "2"};
        // mosquitto's websockets take seconds for a few hundred kilobytes.
        const std::string large = broker->dir().write("large", std::string(isWebsocket ? 200'000 : 20'000'000, 'x'));
        ConnectOptions options = optionsFor(broker->port2(), 4);
        options.server = {scheme, "localhost", broker->port2(), ""};
        options.tls.caFile = ca.caFile();
        options.maximumPacketSize = kLimit;
        const auto client = connect(options);
        ASSERT_TRUE(client->connects()) << client->failed->message;
        client->subscribe({"t"});
        for (const std::string& qos : levels) {
            EXPECT_EQ(broker->publish({"-t", "t", "-f", large, "-q", qos}), 0);
            EXPECT_EQ(broker->publish({"-t", "t", "-m", "small", "-q", qos}), 0);
        }

        ASSERT_TRUE(client->receives(2 * levels.size())) << toString(options.server);
        for (std::size_t i = 0; i < client->messages.size(); i += 2) {
            EXPECT_GT(client->messages[i].payload.size(), kLimit);
            EXPECT_LE(client->messages[i].payload.size(), 2 * kLimit);
            EXPECT_EQ(client->messages[i + 1].payload, "small");
        }
        EXPECT_FALSE(client->lost);
    }
}

}  // namespace
}  // namespace edge
