// SPDX-License-Identifier: MIT
#include "client/broker_connection.hpp"

#include <random>
#include <utility>

#include <fmt/core.h>

#include "config/load.hpp"
#include "core/system/identity.hpp"
#include "core/text.hpp"

namespace edge {

Result<DeviceTopics> topicsOf(const Config& config, const std::string& device) {
    if (device.empty() || device == config.device.id)
        return DeviceTopics{config.device.id, config.topics.base, config.image.topic};
    ConfigSources sources = readConfig(config.file);
    sources.push_back({"--id", fmt::format("device.id = \"{}\"", device)});
    const Config other = parseConfig(sources, readIdentity());
    if (other.topics.base == config.topics.base)
        return fail(Errc::kInvalid, fmt::format("topics.base is \"{}\", without {{id}}: it has no place for \"{}\"",
                                                config.topics.base, printable(device)));
    return DeviceTopics{device, other.topics.base, other.image.topic};
}

Result<std::string> loginOf(const Config& config) {
    try {
        checkTlsFiles(config);
        return loadPassword(config);
    } catch (const SecretUnreadable& error) {
        return fail(Errc::kPermission, error.reason() == SecretUnreadable::Reason::kPermission
                                           ? std::string(error.what()) + "; run this as root (sudo)"
                                           : std::string(error.what()) + "; " + error.remedy());
    }
}

BrokerConnection::BrokerConnection(const Config& config, std::string password, const std::string& purpose,
                                   std::vector<std::string> topics, Handlers handlers)
    : config_(config),
      password_(std::move(password)),
      // Not the agent's own id: the broker would end the agent's connection.
      clientId_(fmt::format("{}-{}-{:08x}", config.device.id, purpose, std::random_device()())),
      topics_(std::move(topics)),
      handlers_(std::move(handlers)) {}

Result<void> BrokerConnection::run() {
    loop().post([this] { tryNext(); });
    client_.run();
    if (hasFailed_) return fail(Errc::kUnavailable, failures_);
    return {};
}

void BrokerConnection::tryNext() {
    if (at_ == config_.mqtt.servers.size()) {
        hasFailed_ = true;
        return loop().stop();
    }
    ++at_;
    SessionSettings settings{config_.mqtt, clientId_, password_, {}, topics_, 0};
    settings.mqtt.servers = {config_.mqtt.servers[at_ - 1]};
    client_.open(std::move(settings), {[this](const ConnectionInfo&) { handlers_.connected(); }, [] {},
                                       [this](InboundMessage message) { handlers_.message(std::move(message)); },
                                       [this](const SessionHealth& health) { failed(health); }});
}

void BrokerConnection::failed(const SessionHealth& health) {
    const bool hasEnded = health.connects > 0;
    failures_ += fmt::format("{}{}: {}{}", failures_.empty() ? "" : "\n", server(),
                             hasEnded ? "the connection ended: " : "", health.lastFailure);
    client_.leave([this, hasEnded] {
        if (hasEnded) at_ = config_.mqtt.servers.size();
        tryNext();
    });
}

void BrokerConnection::close() {
    client_.leave([this] { loop().stop(); });
}

std::string BrokerConnection::server() const {
    return toString(config_.mqtt.servers[at_ - 1]);
}

std::string describeDenied(const std::string& what, const std::string& topic) {
    return fmt::format(
        "the access list does not let this user {} \"{}\"; allow it: config/mosquitto/tls.acl has every line that a "
        "device needs",
        what, printable(topic));
}

}  // namespace edge
