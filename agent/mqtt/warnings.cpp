// SPDX-License-Identifier: MIT
#include "mqtt/warnings.hpp"

#include <fmt/core.h>

#include "core/text.hpp"

namespace edge {

namespace {

bool isEncrypted(Scheme scheme) {
    return scheme == Scheme::kMqtts || scheme == Scheme::kWss;
}

}  // namespace

bool isLoopback(const std::string& host) {
    return toLower(host) == "localhost" || host.rfind("127.", 0) == 0 || host == "::1";
}

std::vector<std::string> connectionWarnings(const MqttConfig& config) {
    std::vector<std::string> warnings;
    for (const ServerAddress& server : config.servers) {
        if (!config.passwordFile.empty() && !isEncrypted(server.scheme)) {
            warnings.push_back(
                fmt::format("mqtt.servers: the password goes to {} unencrypted, everybody on the way can read it; use "
                            "mqtts:// or wss://",
                            toString(server)));
        }
        if (config.username.empty() && config.tls.certFile.empty() && !isLoopback(server.host)) {
            warnings.push_back(fmt::format(
                "mqtt.servers: {} is used without a login, so whoever reaches it can command this device and see its "
                "pictures; let the broker ask for one and set mqtt.username and mqtt.password_file",
                toString(server)));
        }
    }
    return warnings;
}

}  // namespace edge
