// SPDX-License-Identifier: MIT
#include "mqtt/warnings.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

#include "mqtt/proxy_environment.hpp"

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
        neutraliseProxyEnvironment();
        EXPECT_EQ(std::getenv(name), nullptr) << name;
    }
}

}  // namespace
}  // namespace edge
