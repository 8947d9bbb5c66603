// SPDX-License-Identifier: MIT
#include "mqtt/session/short_client.hpp"

#include <deque>
#include <string>
#include <utility>

#include "mqtt/paho/paho_client.hpp"

namespace edge {
namespace {

/// Resolver and library may both hang on a dead name server.
constexpr seconds kStallLimit = std::chrono::minutes{10};
constexpr milliseconds kGoodbyeLimit{500};

/// Never destroyed: a name server may answer after the program has given up.
AsioLoop& lastingLoop() {
    static auto& loops = *new std::deque<AsioLoop>;
    return loops.emplace_back();
}

}  // namespace

ShortClient::ShortClient()
    : loop_(lastingLoop()),
      resolver_(
          makeSystemResolver(loop_, [this](const std::string& name) { return pool_.makeStrand(name, kStallLimit); })),
      makeClient_(makePahoClientFactory(loop_, pool_.makeStrand("the MQTT library", kStallLimit))) {}

void ShortClient::open(SessionSettings settings, Handlers handlers) {
    settings.mqtt.sessionExpiry = seconds{0};
    isLeaving_ = false;
    auto onHealth = [this, failed = std::move(handlers.failed)] {
        const SessionHealth health = session_->health();
        if (!health.lastFailure.empty() && !isLeaving_) failed(health);
    };
    session_.emplace(loop_, makeClient_, *resolver_, std::move(settings),
                     MqttSession::Handlers{std::move(handlers.connected), std::move(handlers.disconnected),
                                           std::move(handlers.message), std::move(onHealth)});
    session_->start();
}

void ShortClient::leave(Task done) {
    if (!std::exchange(isLeaving_, true)) session_->stop({}, kGoodbyeLimit, std::move(done));
}

void ShortClient::run() {
    loop_.run();
    session_.reset();
}

}  // namespace edge
