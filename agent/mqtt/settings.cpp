// SPDX-License-Identifier: MIT
#include "mqtt/settings.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "core/text.hpp"

namespace edge {

namespace {

bool isLoopback(const std::string& host) {
    return toLower(host) == "localhost" || host.starts_with("127.") || host == "::1";
}

}  // namespace

std::vector<std::string> connectionWarnings(const MqttConfig& config) {
    std::vector<std::string> warnings;
    const auto warn = [&warnings](std::string text) {
        if (std::find(warnings.begin(), warnings.end(), text) == warnings.end()) warnings.push_back(std::move(text));
    };
    for (const ServerAddress& server : config.servers) {
        if (isLoopback(server.host)) continue;
        const std::string name = toString(server);
        const bool hasCertificate = !config.tls.certFile.empty();
        if (!config.passwordFile.empty() && !usesTls(server.scheme)) {
            warn(
                fmt::format("mqtt.servers: the password goes to {} unencrypted: everyone on the network path can read "
                            "it; use mqtts:// or wss://",
                            name));
        }
        if (!config.username.empty() && config.passwordFile.empty() && !hasCertificate) {
            warn(fmt::format("mqtt.username: \"{}\" goes to {} without a password; set mqtt.password_file",
                             printable(config.username), name));
        }
        if (config.username.empty() && config.passwordFile.empty() && !hasCertificate) {
            warn(fmt::format(
                "mqtt.servers: {} is used without a login: everyone who reaches it can command this device and see its "
                "pictures; let the broker ask for one and set mqtt.username and mqtt.password_file",
                name));
        }
    }
    return warnings;
}

}  // namespace edge
