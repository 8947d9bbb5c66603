// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/time/time.hpp"

namespace edge {

enum class Scheme { kMqtt, kMqtts, kWs, kWss };
constexpr bool usesTls(Scheme scheme) {
    return scheme == Scheme::kMqtts || scheme == Scheme::kWss;
}
constexpr bool usesWebsocket(Scheme scheme) {
    return scheme == Scheme::kWs || scheme == Scheme::kWss;
}

struct ServerAddress {
    Scheme scheme = Scheme::kMqtt;
    std::string host = "localhost";  ///< a name, an IPv4 address, or an IPv6 address without brackets
    std::uint16_t port = 1883;
    std::string path;  ///< of a websocket, with its leading '/'; "" = the library's default ("/mqtt")

    bool operator==(const ServerAddress&) const = default;
};
/// "mqtts://broker.example:8883", as a person wrote it.
inline std::string toString(const ServerAddress& address) {
    const std::string scheme(usesWebsocket(address.scheme) ? "ws" : "mqtt");
    const bool isIpv6 = address.host.find(':') != std::string::npos;
    return scheme + (usesTls(address.scheme) ? "s://" : "://") + (isIpv6 ? '[' + address.host + ']' : address.host) +
           ':' + std::to_string(address.port) + address.path;
}

enum class Protocol { kAuto, kV5, kV311 };

struct TlsConfig {
    std::string caFile;
    std::string certFile;
    std::string keyFile;

    bool operator==(const TlsConfig&) const = default;
};

struct MqttConfig {
    std::vector<ServerAddress> servers{ServerAddress{}};
    Protocol protocol = Protocol::kAuto;
    std::string username;
    std::string passwordFile;  ///< with a '/': a path; else the name of a systemd credential; the secret is not in here
    milliseconds keepAlive = seconds{20};
    milliseconds reconnectMin = seconds{1};
    milliseconds reconnectMax = seconds{60};
    milliseconds sessionExpiry = std::chrono::hours{1};
    int qos = 1;
    TlsConfig tls;

    bool operator==(const MqttConfig&) const = default;
};

/// What works but is insecure about the connections to these servers, one sentence each, without duplicates: for the
/// log at start, check-config and health.
[[nodiscard]] std::vector<std::string> connectionWarnings(const MqttConfig& config);

}  // namespace edge
