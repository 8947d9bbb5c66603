// SPDX-License-Identifier: MIT
#include "mqtt/session/connector.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

namespace edge {

namespace {

using Kind = ConnectionFailure::Kind;

/// An address gets at least this long, so that a slow link is not given up because a name has many addresses.
constexpr seconds kMinAddressTime{2};

/// As long as the system's resolver asks three name servers twice for 5 s each (resolv.conf(5)); then it has an answer
/// of its own.
constexpr seconds kLookUpTime{31};

}  // namespace

Connector::Connector(Loop& loop, MqttClientFactory makeClient, Resolver& resolver)
    : loop_(loop), makeClient_(std::move(makeClient)), resolver_(resolver) {}

Connector::~Connector() = default;

void Connector::start(ConnectOptions options, MqttClient::Handlers handlers) {
    cancel();
    options_ = std::move(options);
    handlers_ = std::move(handlers);
    attempt_ = std::make_shared<int>();
    lookUpTimer_ = loop_.after(kLookUpTime, [this] {
        fail({Kind::kNetwork, -1,
              fmt::format("the name server does not answer for {} within {} s; check the network and the resolver",
                          options_.server.host, kLookUpTime.count())});
    });
    resolver_.resolve(options_.server.host,
                      [this, wanted = std::weak_ptr(attempt_)](Result<std::vector<std::string>> addresses) {
                          if (!wanted.expired()) resolved(std::move(addresses));
                      });
}

std::unique_ptr<MqttClient> Connector::take() {
    return std::move(client_);
}

void Connector::cancel() {
    attempt_.reset();
    lookUpTimer_.cancel();
    client_.reset();
    addresses_.clear();
}

void Connector::resolved(Result<std::vector<std::string>> addresses) {
    lookUpTimer_.cancel();
    attempt_.reset();
    if (!addresses) return fail({Kind::kNetwork, -1, addresses.error().message});
    addresses_ = std::move(*addresses);
    deadline_ = loop_.clock().now() + options_.connectTimeout;
    tryNextAddress();
}

void Connector::tryNextAddress() {
    ConnectOptions options = options_;
    options.resolvedAddress = addresses_.front();
    const auto left = std::chrono::duration_cast<milliseconds>(deadline_ - loop_.clock().now());
    const auto share = left / static_cast<milliseconds::rep>(addresses_.size());
    options.connectTimeout = std::min(left, std::max<milliseconds>(share, kMinAddressTime));
    addresses_.erase(addresses_.begin());

    MqttClient::Handlers handlers = handlers_;
    handlers.failed = [this](const ConnectionFailure& failure) { clientFailed(failure); };
    client_ = makeClient_(options, std::move(handlers));
    client_->connect();
}

void Connector::clientFailed(const ConnectionFailure& failure) {
    const bool isAboutTheAddress = failure.kind == Kind::kNetwork;
    const bool hasTime = loop_.clock().now() < deadline_;
    if (isAboutTheAddress && hasTime && !addresses_.empty()) return tryNextAddress();
    fail(failure);
}

void Connector::fail(const ConnectionFailure& failure) {
    const auto failed = handlers_.failed;
    cancel();
    failed(failure);
}

}  // namespace edge
