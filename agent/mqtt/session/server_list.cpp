// SPDX-License-Identifier: MIT
#include "mqtt/session/server_list.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "mqtt/session/reason_codes.hpp"

namespace edge {

namespace {

using Kind = ConnectionFailure::Kind;

constexpr int kV5 = 5;
constexpr int kV311 = 4;
/// Brokers do not refuse smaller packets for their size.
constexpr std::size_t kSmallestPacketLimit = std::size_t{4} * 1024;

BrokerLimits withoutWillRetain(BrokerLimits limits) {
    limits.willRetain = false;
    return limits;
}
BrokerLimits withoutRetain(BrokerLimits limits) {
    limits.retain = limits.willRetain = false;
    return limits;
}
BrokerLimits withPublishQos(BrokerLimits limits, int qos) {
    limits.publishQos = static_cast<Qos>(qos);
    return limits;
}

/// The last will is at QoS 1, as all states are.
std::vector<BrokerLimits> withLessOfAWill(const BrokerLimits& from) {
    std::vector<BrokerLimits> result;
    const bool hasQos = from.publishQos != Qos::kAtMostOnce;
    if (from.willRetain) result.push_back(withoutWillRetain(from));
    if (hasQos) result.push_back(withPublishQos(from, 0));
    if (from.willRetain && hasQos) result.push_back(withPublishQos(withoutWillRetain(from), 0));
    return result;
}

std::vector<BrokerLimits> withLessQos(const BrokerLimits& from, Qos refused) {
    std::vector<BrokerLimits> result;
    for (int qos = static_cast<int>(std::min(refused, from.publishQos)) - 1; qos >= 0; --qos) {
        result.push_back(withPublishQos(from, qos));
    }
    return result;
}

/// A link can break at such a moment, too: hence once more with the same, unless the will proved it already.
std::vector<BrokerLimits> withLessToPublish(const BrokerLimits& from, const Unproven& unproven) {
    const bool mayBeRetain = unproven.retained && from.retain;
    const auto lower = withLessQos(from, unproven.qos);
    std::vector<BrokerLimits> result;
    if ((mayBeRetain && from.willRetain) || (!mayBeRetain && !lower.empty())) result.push_back(from);
    if (mayBeRetain) result.push_back(withoutRetain(from));
    result.insert(result.end(), lower.begin(), lower.end());
    if (mayBeRetain && !lower.empty()) result.push_back(withoutRetain(lower.back()));
    return result;
}

std::vector<BrokerLimits> withLessToSubscribe(const BrokerLimits& from, int reasonCode) {
    std::vector<BrokerLimits> result;
    if (reasonCode >= 0 && !canBeTheQos(reasonCode)) return result;
    for (int qos = static_cast<int>(from.subscribeQos) - 1; qos >= 0; --qos) {
        result.push_back(from);
        result.back().subscribeQos = static_cast<Qos>(qos);
    }
    return result;
}

}  // namespace

ServerList::ServerList(const MqttConfig& config, RandomSource random, bool hasWill)
    : protocol_(config.protocol),
      everything_{.protocolVersion = protocol_ == Protocol::kV311 ? kV311 : kV5},
      hasWill_(hasWill),
      keepAlive_(config.keepAlive),
      reconnectMin_(config.reconnectMin),
      reconnectMax_(config.reconnectMax),
      random_(std::move(random)),
      backOff_(config.reconnectMin) {
    for (const ServerAddress& address : config.servers) {
        servers_.push_back({.address = address, .limits = everything_});
    }
}

ServerList::Plan ServerList::next(SteadyTime now) {
    Server& server = servers_[current_];
    if (now >= server.trustedUntil && !server.search) {
        const std::size_t packetSize = server.limits.packetSize;
        server.limits = everything_;
        server.limits.packetSize = packetSize;
        server.trustedUntil = SteadyTime::max();
    }
    const milliseconds longest = server.limits.keepAlive;
    return {server.address, server.limits, longest.count() > 0 ? std::min(longest, keepAlive_) : keepAlive_};
}

/// What to try at once. Empty where the failure is due to something else.
std::vector<BrokerLimits> ServerList::alternatives(const BrokerLimits& from, Stage stage,
                                                   const ConnectionFailure& failure, const Unproven& unproven) const {
    const bool isV5 = from.protocolVersion == kV5;
    const int code = failure.reasonCode;
    if (stage == Stage::kSubscribe) {
        const bool isOther = failure.kind == Kind::kTakenOver || (failure.kind == Kind::kNetwork && code >= 0);
        return isOther ? std::vector<BrokerLimits>{} : withLessToSubscribe(from, code);
    }
    if (stage == Stage::kOnline) {
        if (code == kRetainNotSupported && from.retain) return {withoutRetain(from)};
        if (code == kQosNotSupported) return withLessQos(from, std::max(unproven.qos, Qos::kAtLeastOnce));
        const bool isSilent = !isV5 && failure.kind == Kind::kNetwork;
        return isSilent && !unproven.isPacketTooLarge ? withLessToPublish(from, unproven) : std::vector<BrokerLimits>{};
    }
    const bool isClosed = failure.kind == Kind::kClosedOnConnect;
    if (isV5 && protocol_ == Protocol::kAuto && (isClosed || failure.kind == Kind::kProtocolUnsupported)) {
        BrokerLimits older = from;
        older.protocolVersion = kV311;
        std::vector<BrokerLimits> result{older};
        for (const BrokerLimits& less : withLessOfAWill(older)) {
            if (isClosed && hasWill_) result.push_back(less);
        }
        return result;
    }
    if (!isV5 && isClosed && hasWill_) return withLessOfAWill(from);
    if (code == kRetainNotSupported && from.willRetain) return {withoutWillRetain(from)};
    if (code == kQosNotSupported) return withLessQos(from, Qos::kAtLeastOnce);
    const bool isLonger = keepAlive_ > kShortKeepAlive && from.keepAlive.count() == 0;
    if (!isV5 && code == kIdentifierRejected && isLonger) {
        BrokerLimits shorter = from;
        shorter.keepAlive = kShortKeepAlive;
        return {shorter};
    }
    return {};
}

/// Continues the search for the reason, or begins one. False when no alternative is left.
bool ServerList::adapt(Server& server, Stage stage, const ConnectionFailure& failure, const Unproven& unproven) {
    auto fresh = alternatives(server.limits, stage, failure, unproven);
    auto& search = server.search;
    const bool continues =
        search && search->stage == stage && search->kind == failure.kind && search->reasonCode == failure.reasonCode;
    if (continues) std::erase(fresh, server.limits);
    const std::size_t packetSize = server.limits.packetSize;
    const BrokerLimits before = search ? search->before : server.limits;
    if (fresh.empty()) {
        search.reset();
        server.limits = before;
    } else {
        if (!continues || search->left.empty()) {
            search = Search{stage, failure.kind, failure.reasonCode, before, std::move(fresh)};
        }
        server.limits = search->left.front();
        search->left.erase(search->left.begin());
    }
    server.limits.packetSize = packetSize;
    return search.has_value();
}

/// What was tried works.
void ServerList::confirm(Server& server, SteadyTime now) {
    server.search.reset();
    BrokerLimits concluded = server.limits;
    concluded.packetSize = BrokerLimits::kAnyPacketSize;
    const bool isNew = server.trustedUntil == SteadyTime::max();
    if (isNew && concluded != everything_) server.trustedUntil = now + kLimitsLifetime;
}

ServerList::Step ServerList::failed(Stage stage, const ConnectionFailure& failure, SteadyTime now, ClockState clock) {
    if (adapt(servers_[current_], stage, failure, {})) return {milliseconds{0}, true, false, failure.message};
    return moveOn(failure, now, clock);
}

bool ServerList::online(const BrokerLimits& limits, SteadyTime now) {
    Server& server = servers_[current_];
    if (!server.search || server.search->stage != Stage::kOnline) confirm(server, now);
    server.lastFailure.clear();
    connectedAt_ = now;
    BrokerLimits announced = limits;
    announced.packetSize = BrokerLimits::kAnyPacketSize;  // logged when it is learnt
    return std::exchange(server.announced, announced) != announced;
}

ServerList::Step ServerList::lost(const ConnectionFailure& failure, const Unproven& unproven, SteadyTime now,
                                  ClockState clock) {
    Server& server = servers_[current_];
    const SteadyTime::duration lasted = now - connectedAt_;
    if (lasted >= kLasted) {
        backOff_ = reconnectMin_;
        failedInRound_ = 0;
    }
    // An alternative works when something was acknowledged, or the connection lasted (at QoS 0 nothing is
    // acknowledged).
    const bool hasWorked = unproven.hasAcknowledged || lasted >= kShortConnection;
    if (hasWorked && !unproven.isAny()) confirm(server, now);
    if (adapt(server, Stage::kOnline, failure, unproven)) return {milliseconds{0}, true, false, failure.message};

    const bool isUnexplained = failure.kind == Kind::kNetwork && failure.reasonCode < 0 && !unproven.isPacketTooLarge;
    shortConnections_ = isUnexplained && lasted < kShortConnection ? shortConnections_ + 1 : 0;
    if (shortConnections_ < kManyShortConnections) return moveOn(failure, now, clock);
    const milliseconds pause = std::min<milliseconds>(kTakenOverPause, reconnectMax_);
    pauseAll(pause, now);
    return moveOn({Kind::kNetwork, -1,
                   fmt::format("the connection ended within seconds of coming online, {} times in a row: probably "
                               "another client uses our client id; give every device a device.id of its own",
                               kManyShortConnections)},
                  now, clock);
}

ServerList::Step ServerList::moveOn(const ConnectionFailure& failure, SteadyTime now, ClockState clock) {
    Step step;
    step.message = failure.message;
    step.isNews = std::exchange(servers_[current_].lastFailure, failure.message) != failure.message;
    step.wait = pauseAfter(failure, now, clock);
    return step;
}

/// Of a cluster, every server knows the client id.
void ServerList::pauseAll(milliseconds pause, SteadyTime now) {
    for (Server& server : servers_) server.notBefore = std::max(server.notBefore, now + pause);
}

milliseconds ServerList::pauseAfter(const ConnectionFailure& failure, SteadyTime now, ClockState clock) {
    if (failure.kind == Kind::kRefusedLogin) {
        const milliseconds pause = std::max<milliseconds>(kMinLoginPause, reconnectMax_);
        servers_[current_].notBefore = now + pause;
    }
    if (failure.kind == Kind::kTakenOver) pauseAll(kTakenOverPause, now);
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
    const auto earliest = std::ranges::min_element(servers_, {}, &Server::notBefore);
    current_ = static_cast<std::size_t>(earliest - servers_.begin());
    return std::chrono::ceil<milliseconds>(earliest->notBefore - now);
}

milliseconds ServerList::jittered(milliseconds delay) const {
    const double factor = 0.8 + 0.4 * random_();
    return milliseconds(static_cast<milliseconds::rep>(static_cast<double>(delay.count()) * factor));
}

bool ServerList::learnKeepAlive(milliseconds longest) {
    Server& server = servers_[current_];
    const milliseconds used = server.limits.keepAlive.count() > 0 ? server.limits.keepAlive : keepAlive_;
    if (longest.count() == 0 || longest >= used) return false;
    server.limits.keepAlive = longest;
    if (server.search) server.search->before.keepAlive = longest;
    return true;
}

void ServerList::learnSubscribeQos(Qos qos) {
    Server& server = servers_[current_];
    server.limits.subscribeQos = std::min(server.limits.subscribeQos, qos);
}

void ServerList::packetTaken(std::size_t bytes) {
    Server& server = servers_[current_];
    server.largestTaken = std::max(server.largestTaken, bytes);
}

bool ServerList::packetRefused(std::size_t bytes) {
    Server& server = servers_[current_];
    if (bytes <= server.largestTaken || bytes <= kSmallestPacketLimit) return false;
    const std::size_t halved = std::max({bytes / 2, server.largestTaken, kSmallestPacketLimit});
    if (halved >= server.limits.packetSize) return false;
    server.limits.packetSize = halved;
    return true;
}

}  // namespace edge
