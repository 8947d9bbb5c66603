// SPDX-License-Identifier: MIT
#include "broker_connection.hpp"

#include <utility>

#include "mqtt/paho_client.hpp"
#include "services/command_service.hpp"
#include "services/discovery.hpp"
#include "services/presence.hpp"

namespace edge {
namespace {

/// Three name servers that do not answer keep getaddrinfo busy for half a minute and more; that is no hang of ours.
constexpr seconds kNetworkStallLimit = std::chrono::minutes{10};

Publication willOf(const Config& config) {
    return config.topics.base.empty() ? Publication{} : Presence::lastWill(config);
}

std::vector<std::string> subscriptionsOf(const Config& config) {
    return Discovery::withSubscription(CommandService::subscriptions(config), config);
}

}  // namespace

BrokerConnection::BrokerConnection(Loop& loop, WorkerPool& pool, const Config& config, std::string password)
    : mqtt_(config.mqtt),
      clientId_(config.device.id),
      password_(std::move(password)),
      will_(willOf(config)),
      subscriptions_(subscriptionsOf(config)),
      resolver_(makeSystemResolver(
          loop, [&pool](const std::string& name) { return pool.makeStrand(name, kNetworkStallLimit); })),
      session_(loop, makePahoClientFactory(loop, pool.makeStrand("the MQTT library", kNetworkStallLimit)), *resolver_,
               mqtt_, clientId_, password_, will_, subscriptions_,
               {[this](const ConnectionInfo& info) {
                    if (isAttached_) handlers_.connected(info);
                },
                [this] {
                    if (isAttached_) handlers_.disconnected();
                },
                [this](InboundMessage message) { received(std::move(message)); },
                [this] {
                    if (isAttached_) handlers_.healthChanged();
                }}) {}

bool BrokerConnection::serves(const Config& config, const std::string& password, std::string& reason) const {
    if (config.device.id != clientId_) {
        reason = "device.id";
    } else if (config.mqtt != mqtt_ || password != password_) {
        reason = "[mqtt]";
    } else if (willOf(config).topic != will_.topic) {
        reason = "topics.base";
    } else if (subscriptionsOf(config) != subscriptions_) {
        reason = "the topics that are listened to (topics, gpio.output, home_assistant)";
    } else {
        return true;
    }
    return false;
}

void BrokerConnection::start(std::optional<milliseconds> away) {
    if (!std::exchange(isStarted_, true)) session_.start(away);
}

void BrokerConnection::close(milliseconds limit, Task done) {
    std::vector<Publication> last;
    if (!will_.topic.empty()) last.push_back(will_);
    session_.stop(std::move(last), limit, std::move(done));
}

void BrokerConnection::attach(MqttSession::Handlers handlers) {
    handlers_ = std::move(handlers);
    isAttached_ = true;
    for (InboundMessage& message : std::exchange(held_, {})) handlers_.message(std::move(message));
}

void BrokerConnection::detach() {
    isAttached_ = false;
    handlers_ = {};
}

void BrokerConnection::received(InboundMessage message) {
    if (isAttached_) return handlers_.message(std::move(message));
    if (held_.size() < kMostHeld) held_.push_back(std::move(message));
}

}  // namespace edge
