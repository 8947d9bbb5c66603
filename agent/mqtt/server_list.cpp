// SPDX-License-Identifier: MIT
#include "mqtt/server_list.hpp"

#include <algorithm>
#include <utility>

namespace edge {

namespace {

using Kind = ConnectionFailure::Kind;

constexpr int kRetainNotSupported = 0x9A;
constexpr int kQosNotSupported = 0x9B;

milliseconds ceilToMilliseconds(SteadyTime::duration duration) {
    return std::chrono::ceil<milliseconds>(duration);
}

}  // namespace

ServerList::ServerList(const MqttConfig& config, RandomSource random)
    : protocol_(config.protocol),
      reconnectMin_(config.reconnectMin),
      reconnectMax_(config.reconnectMax),
      random_(std::move(random)),
      backOff_(config.reconnectMin) {
    for (const ServerAddress& address : config.servers) {
        Server server;
        server.address = address;
        server.keepAlive = config.keepAlive;
        servers_.push_back(std::move(server));
    }
}

int ServerList::protocolVersion(const Server& server, SteadyTime now) const {
    if (protocol_ == Protocol::kV5) return 5;
    if (protocol_ == Protocol::kV311) return 4;
    return server.tryV311Next || now < server.speaksV311Until ? 4 : 5;
}

ServerList::Plan ServerList::next(SteadyTime now) const {
    const Server& server = servers_[current_];
    return {server.address, protocolVersion(server, now), server.keepAlive, server.maximumWillQos,
            server.mayRetainWill};
}

/// What this failure tells about the server, and another attempt at once can do better.
bool ServerList::adapt(Server& server, const ConnectionFailure& failure, SteadyTime now) {
    const bool wasV5 = protocolVersion(server, now) == 5;
    const bool refusesV5 = failure.kind == Kind::kProtocolUnsupported || failure.kind == Kind::kClosedOnConnect;
    if (protocol_ == Protocol::kAuto && wasV5 && refusesV5) {
        server.tryV311Next = true;
        return true;
    }
    if (failure.reasonCode == kRetainNotSupported && std::exchange(server.mayRetainWill, false)) return true;
    if (failure.reasonCode == kQosNotSupported && server.maximumWillQos != Qos::kAtMostOnce) {
        server.maximumWillQos = Qos::kAtMostOnce;
        return true;
    }
    if (!wasV5) {  // neither version: begin with 5 the next time
        server.tryV311Next = false;
        if (refusesV5) server.speaksV311Until = {};
    }
    return false;
}

ServerList::Step ServerList::failed(const ConnectionFailure& failure, SteadyTime now, ClockState clock) {
    if (adapt(servers_[current_], failure, now)) return {milliseconds{0}, true, false};
    return moveOn(failure, now, clock);
}

void ServerList::connected(SteadyTime now) {
    Server& server = servers_[current_];
    if (protocolVersion(server, now) == 4) server.speaksV311Until = now + kProtocolMemory;
    server.tryV311Next = false;
    server.lastFailure.clear();
    connectedAt_ = now;
}

ServerList::Step ServerList::lost(const ConnectionFailure& failure, SteadyTime now, ClockState clock) {
    if (now - connectedAt_ >= kLasted) {
        backOff_ = reconnectMin_;
        failedInRound_ = 0;
    }
    return moveOn(failure, now, clock);
}

ServerList::Step ServerList::moveOn(const ConnectionFailure& failure, SteadyTime now, ClockState clock) {
    Step step;
    step.isNews = std::exchange(servers_[current_].lastFailure, failure.message) != failure.message;
    step.wait = pauseAfter(failure, now, clock);
    return step;
}

milliseconds ServerList::pauseAfter(const ConnectionFailure& failure, SteadyTime now, ClockState clock) {
    if (failure.kind == Kind::kRefusedLogin) {
        const milliseconds pause = std::max<milliseconds>(kMinLoginPause, reconnectMax_);
        servers_[current_].notBefore = now + pause;
    }
    if (failure.kind == Kind::kTakenOver) {  // by the id, so on every server of a cluster
        for (Server& server : servers_) server.notBefore = std::max(server.notBefore, now + kTakenOverPause);
    }
    const auto isAllowed = [this](std::size_t index, SteadyTime at) { return servers_[index].notBefore <= at; };
    const auto advance = [&](SteadyTime at) {
        for (std::size_t step = 1; step <= servers_.size(); ++step) {
            const std::size_t candidate = (current_ + step) % servers_.size();
            if (!isAllowed(candidate, at)) continue;
            current_ = candidate;
            return true;
        }
        return false;
    };
    if (++failedInRound_ < servers_.size() && advance(now)) return milliseconds{0};

    failedInRound_ = 0;
    milliseconds wait = jittered(backOff_);
    if (failure.kind == Kind::kTlsNotYetValid && clock == ClockState::kUnsynchronised) {
        wait = std::min<milliseconds>(wait, kClockPause);
    } else {
        backOff_ = std::min(backOff_ * 2, reconnectMax_);
    }
    if (advance(now + wait)) return wait;
    const auto earliest = std::min_element(servers_.begin(), servers_.end(),
                                           [](const Server& a, const Server& b) { return a.notBefore < b.notBefore; });
    current_ = static_cast<std::size_t>(earliest - servers_.begin());
    return ceilToMilliseconds(earliest->notBefore - now);
}

milliseconds ServerList::jittered(milliseconds delay) const {
    const double factor = 0.8 + 0.4 * random_();
    return milliseconds(static_cast<milliseconds::rep>(static_cast<double>(delay.count()) * factor));
}

bool ServerList::learnKeepAlive(milliseconds interval) {
    Server& server = servers_[current_];
    if (interval.count() == 0 || interval >= server.keepAlive) return false;
    server.keepAlive = interval;
    return true;
}

}  // namespace edge
