// SPDX-License-Identifier: MIT
#include "mqtt/settings.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

#include "mqtt/paho/paho_client.hpp"

namespace edge {
namespace {

MqttConfig configFor(Scheme scheme, const std::string& host) {
    MqttConfig config;
    config.servers = {{scheme, host, 1883, ""}};
    return config;
}

TEST(ConnectionWarnings, AreNoneForALocalBrokerWithoutLogin) {
    for (const char* host : {"localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1"}) {
        EXPECT_TRUE(connectionWarnings(configFor(Scheme::kMqtt, host)).empty()) << host;
    }
}

TEST(ConnectionWarnings, AreNoneForALocalBrokerWithAPassword) {
    for (const char* host : {"localhost", "127.0.0.1", "::1"}) {
        MqttConfig config = configFor(Scheme::kMqtt, host);
        config.username = "pi";
        EXPECT_TRUE(connectionWarnings(config).empty()) << host;
        config.passwordFile = "/etc/secret";
        EXPECT_TRUE(connectionWarnings(config).empty()) << host;
    }
}

TEST(ConnectionWarnings, AreNotRepeatedForAServerThatIsConfiguredTwice) {
    MqttConfig config = configFor(Scheme::kMqtt, "broker.example");
    config.servers.push_back(config.servers.front());
    EXPECT_EQ(connectionWarnings(config).size(), 1U);
}

TEST(ConnectionWarnings, SayThatAUserNameHasNoPassword) {
    for (const Scheme scheme : {Scheme::kMqtt, Scheme::kMqtts}) {
        MqttConfig config = configFor(scheme, "broker.example");
        config.username = "pi";

        const auto warnings = connectionWarnings(config);

        ASSERT_EQ(warnings.size(), 1U);
        EXPECT_NE(warnings[0].find("mqtt.password_file"), std::string::npos) << warnings[0];
    }
    MqttConfig withCertificate = configFor(Scheme::kMqtts, "broker.example");
    withCertificate.username = "pi";
    withCertificate.tls.certFile = "/etc/client.pem";
    EXPECT_TRUE(connectionWarnings(withCertificate).empty());
}

TEST(ConnectionWarnings, SayThatAPasswordTravelsUnencrypted) {
    for (const Scheme scheme : {Scheme::kMqtt, Scheme::kWs}) {
        MqttConfig config = configFor(scheme, "broker.example");
        config.username = "pi";
        config.passwordFile = "/etc/secret";

        const auto warnings = connectionWarnings(config);

        ASSERT_EQ(warnings.size(), 1u);
        EXPECT_NE(warnings[0].find("unencrypted"), std::string::npos);
        EXPECT_NE(warnings[0].find("broker.example"), std::string::npos);
    }
}

TEST(ConnectionWarnings, SayThatARemoteBrokerAsksForNoLogin) {
    const auto warnings = connectionWarnings(configFor(Scheme::kMqtts, "broker.example"));

    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_NE(warnings[0].find("without a login"), std::string::npos);
}

TEST(ConnectionWarnings, AreNoneForAnEncryptedLogin) {
    for (const Scheme scheme : {Scheme::kMqtts, Scheme::kWss}) {
        MqttConfig config = configFor(scheme, "broker.example");
        config.username = "pi";
        config.passwordFile = "/etc/secret";

        EXPECT_TRUE(connectionWarnings(config).empty());
    }
}

TEST(ConnectionWarnings, TakeAClientCertificateForALogin) {
    MqttConfig config = configFor(Scheme::kMqtts, "broker.example");
    config.tls.certFile = "/etc/client.pem";

    EXPECT_TRUE(connectionWarnings(config).empty());
}

TEST(ProxyEnvironment, IsGoneAfterwards) {
    for (const char* name : {"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"}) {
        setenv(name, "http://127.0.0.1:1", 1);
        ignoreProxyEnvironment();
        EXPECT_EQ(std::getenv(name), nullptr) << name;
    }
}

}  // namespace
}  // namespace edge
