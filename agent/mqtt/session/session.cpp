// SPDX-License-Identifier: MIT
#include "mqtt/session/session.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "core/system/log.hpp"
#include "core/text.hpp"
#include "mqtt/session/reason_codes.hpp"

namespace edge {

namespace {

using Kind = ConnectionFailure::Kind;

/// As long as the system's resolver asks three name servers twice for 5 s each (resolv.conf(5)); then it reports an
/// error itself.
constexpr seconds kLookUpTime{31};
/// For all addresses of a name, and for the answer to SUBSCRIBE.
constexpr seconds kConnectTimeout{10};
/// An address gets at least this long, so that a slow link works although a name has many addresses.
constexpr seconds kMinAddressTime{2};
/// What the broker queued may arrive between CONNACK and SUBACK. Beyond this it is delivered all the same.
constexpr std::size_t kMaxEarlyMessages = 1000;
constexpr std::size_t kMaxEarlyBytes = 4 << 20;
/// Of the time that stop() has, this much is for the DISCONNECT.
constexpr milliseconds kDisconnectTime{500};

/// 2.5 times the keep-alive: sooner than Paho notices a dead link, later than a large picture takes on a slow one.
milliseconds stallLimit(milliseconds keepAlive) {
    return std::clamp<milliseconds>(keepAlive * 5 / 2, seconds{30}, seconds{60});
}

bool contains(const std::vector<std::string>& topics, const std::string& topic) {
    return std::ranges::find(topics, topic) != topics.end();
}

/// Whether a subscription, in which a level may be '+', is to this topic (MQTT 4.7).
bool includes(std::string_view filter, std::string_view topic) {
    for (std::size_t plus = 0; (plus = filter.find('+')) != std::string_view::npos;) {
        if (!topic.starts_with(filter.substr(0, plus))) return false;
        filter.remove_prefix(plus + 1);
        topic.remove_prefix(std::min(topic.size(), topic.find('/', plus)));
    }
    return filter == topic;
}

}  // namespace

MqttSession::MqttSession(Loop& loop, MqttClientFactory makeClient, Resolver& resolver, SessionSettings settings,
                         Handlers handlers, RandomSource random)
    : loop_(loop),
      makeClient_(std::move(makeClient)),
      resolver_(resolver),
      settings_(std::move(settings)),
      handlers_(std::move(handlers)),
      random_(random ? std::move(random) : systemRandom()),
      servers_(settings_.mqtt, random_, !settings_.will.topic.empty()),
      sender_(loop, servers_, stallLimit(settings_.mqtt.keepAlive),
              {handlers_.healthChanged,
               [this](std::string why) {
                   lost({Kind::kNetwork, -1, std::move(why)});
               },
               [this] { disconnect(); }}) {}

void MqttSession::start(std::optional<milliseconds> away) {
    logWarnings();
    if (away) awaySince_ = loop_.clock().now() - *away;
    attempt();
}

void MqttSession::attempt() {
    state_ = State::kConnecting;
    const MqttConfig& config = settings_.mqtt;
    const ServerList::Plan plan = servers_.next(loop_.clock().now());
    // MQTT 5 brokers end the session by themselves; a 3.1.1 one never does.
    const bool isExpired = plan.limits.protocolVersion < 5 && keepsSession() && awaySince_ &&
                           loop_.clock().now() - *awaySince_ > config.sessionExpiry;
    options_ = {.server = plan.address,
                .resolvedAddress = {},
                .protocolVersion = plan.limits.protocolVersion,
                .clientId = settings_.clientId,
                .username = config.username,
                .password = settings_.password,
                .tls = config.tls,
                .keepAlive = plan.keepAlive,
                .cleanStart = isExpired || !keepsSession(),
                .sessionExpiry = config.sessionExpiry,
                .maximumPacketSize = settings_.maximumPacketSize,
                .will = {}};
    if (!settings_.will.topic.empty()) {
        options_.will = settings_.will;
        options_.will->qos = std::min(settings_.will.qos, plan.limits.publishQos);
        if (!plan.limits.willRetain) options_.will->retain = Retain::kNo;
    }
    timer_ = loop_.after(kLookUpTime, [this] {
        failed({Kind::kNetwork, -1,
                fmt::format("the name server does not answer for {} within {} s; check the network and the resolver",
                            options_.server.host, kLookUpTime.count())});
    });
    resolver_.resolve(options_.server.host,
                      lookUp_.wrap([this](const Result<std::vector<std::string>>& addresses) { resolved(addresses); }));
}

void MqttSession::resolved(const Result<std::vector<std::string>>& addresses) {
    timer_.cancel();
    if (!addresses) return failed({Kind::kNetwork, -1, addresses.error().message});
    addresses_ = *addresses;
    deadline_ = loop_.clock().now() + kConnectTimeout;
    tryNextAddress();
}

void MqttSession::tryNextAddress() {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline_ - loop_.clock().now());
    const auto share = left / static_cast<milliseconds::rep>(addresses_.size());
    options_.connectTimeout = std::min(left, std::max<milliseconds>(share, kMinAddressTime));
    options_.resolvedAddress = addresses_.front();
    addresses_.erase(addresses_.begin());
    client_ = makeClient_(options_, {[this](const ConnectionInfo& offered) { accepted(offered); },
                                     [this](const ConnectionFailure& failure) { addressFailed(failure); },
                                     [this](const ConnectionFailure& failure) { lost(failure); },
                                     [this](InboundMessage message) { arrived(std::move(message)); }});
    client_->connect();
}

void MqttSession::addressFailed(const ConnectionFailure& failure) {
    const bool canTryAnother = failure.kind == Kind::kNetwork && !addresses_.empty() && loop_.clock().now() < deadline_;
    if (canTryAnother) return tryNextAddress();
    failed(failure);
}

void MqttSession::accepted(const ConnectionInfo& offered) {
    info_ = offered;
    if (servers_.learnKeepAlive(info_.limits.keepAlive)) {
        log::info("{} requires a keep-alive of {}; reconnecting", info_.server, formatDuration(info_.limits.keepAlive));
        return leave();
    }
    info_.limits.restrictTo(servers_.limits());
    if (options_.cleanStart && keepsSession()) {
        log::info("{}: offline for longer than mqtt.session_expiry; the session is discarded", info_.server);
        awaySince_.reset();
        return leave();
    }
    state_ = State::kSubscribing;
    requested_ = settings_.subscriptions;
    if (requested_.empty()) return announce();
    subscribeTo(requested_, info_.limits.subscribeQos);
}

void MqttSession::leave() {
    state_ = State::kLeaving;
    client_->disconnect(kDisconnectTime, [this] {
        dropClient();
        attempt();
    });
}

void MqttSession::subscribeTo(const std::vector<std::string>& topics, Qos qos) {
    isSubscribing_ = true;
    waitForSubscription(loop_.clock().now());
    client_->subscribe(topics, qos,
                       [this, topics, qos](const std::vector<int>& codes) { subscribed(topics, qos, codes); });
}

/// The messages that the broker queued may delay its answer.
void MqttSession::waitForSubscription(SteadyTime since) {
    timer_ = loop_.at(since + kConnectTimeout, [this] {
        const SteadyTime progress = client_->lastProgress();
        if (progress > loop_.clock().now() - kConnectTimeout) return waitForSubscription(progress);
        lost({Kind::kNetwork, -1, "the broker does not answer the subscription"});
    });
}

/// A refusal that can be due to the QoS is followed by a lower one; where that is refused, too, it is due to the topic.
void MqttSession::subscribed(const std::vector<std::string>& topics, Qos qos, const std::vector<int>& codes) {
    if (state_ != State::kSubscribing && state_ != State::kConnected) return;
    timer_.cancel();
    std::vector<std::string> again;
    bool isAnyGranted = false;
    for (std::size_t i = 0; i < codes.size() && i < topics.size(); ++i) {
        if (!isRefusal(codes[i])) {
            isAnyGranted = true;
        } else if (canBeTheQos(codes[i]) && qos != Qos::kAtMostOnce) {
            again.push_back(topics[i]);
        } else {
            log::warning("the broker does not allow subscribing to {} (code {}); check its access list",
                         printable(topics[i]), codes[i]);
            sender_.deny(topics[i]);
        }
    }
    if (isAnyGranted && qos < info_.limits.subscribeQos) {
        servers_.learnSubscribeQos(qos);
        info_.limits.subscribeQos = qos;
    }
    if (!again.empty()) return subscribeTo(again, static_cast<Qos>(static_cast<int>(qos) - 1));
    isSubscribing_ = false;
    if (state_ == State::kSubscribing) return announce();
    subscribeToAdded();
}

void MqttSession::announce() {
    const bool isNews = servers_.online(info_.limits, loop_.clock().now());
    state_ = State::kConnected;
    ++health_.connects;
    health_.lastFailure.clear();
    log::info("connected to {}, MQTT {}{}", info_.server, info_.limits.protocolVersion >= 5 ? "5" : "3.1.1",
              info_.sessionPresent ? " (session resumed)" : "");
    const std::string leftOut = info_.limits.leftOut();
    if (isNews && !leftOut.empty()) log::warning("{} does not support everything; left out: {}", info_.server, leftOut);
    sender_.attach(*client_, info_);
    handlers_.connected(info_);
    handlers_.healthChanged();
    subscribeToAdded();
    earlyBytes_ = 0;
    for (InboundMessage& message : std::exchange(early_, {})) deliver(std::move(message));
}

void MqttSession::subscribe(std::vector<std::string> subscriptions, Task answered) {
    settings_.subscriptions = std::move(subscriptions);
    whenSubscribed_ = std::move(answered);
    subscribeToAdded();
}

void MqttSession::subscribeToAdded() {
    if (state_ != State::kConnected || isSubscribing_) return;
    std::vector<std::string> added;
    for (const std::string& topic : settings_.subscriptions) {
        if (!contains(requested_, topic)) added.push_back(topic);
    }
    if (added.empty()) {
        if (const Task answered = std::exchange(whenSubscribed_, nullptr)) answered();
        return;
    }
    requested_.insert(requested_.end(), added.begin(), added.end());
    subscribeTo(added, info_.limits.subscribeQos);
}

void MqttSession::arrived(InboundMessage message) {
    const bool isEarly =
        state_ == State::kSubscribing && early_.size() < kMaxEarlyMessages && earlyBytes_ < kMaxEarlyBytes;
    if (!isEarly) return deliver(std::move(message));
    earlyBytes_ += message.payload.size();
    early_.push_back(std::move(message));
}

void MqttSession::deliver(InboundMessage message) {
    // After stop() nothing is delivered; during a reconnect the broker takes messages for delivered.
    const bool isOpen = state_ == State::kSubscribing || state_ == State::kConnected || upcoming_;
    const bool isWanted = std::ranges::any_of(
        settings_.subscriptions, [&](const std::string& filter) { return includes(filter, message.topic); });
    if (!isWanted) {
        return log::debug("{}: not subscribed to; message dropped", printable(message.topic));
    }
    if (isOpen) handlers_.message(std::move(message));
}

void MqttSession::failed(const ConnectionFailure& failure) {
    const Stage stage = state_ == State::kSubscribing ? Stage::kSubscribe : Stage::kConnect;
    const ServerList::Step step = servers_.failed(stage, failure, loop_.clock().now(), loop_.clock().wallState());
    sender_.detach(failure);
    dropClient();
    report(step, failure.kind);
}

void MqttSession::lost(const ConnectionFailure& failure) {
    if (state_ == State::kFinishing || state_ == State::kDisconnecting) return finish();
    if (state_ == State::kLeaving) {
        dropClient();
        return attempt();
    }
    if (state_ != State::kConnected) return failed(failure);
    dropClient();
    const SteadyTime now = loop_.clock().now();
    if (keepsSession()) awaySince_ = now;
    const Unproven unproven = sender_.detach(failure);
    const ServerList::Step step = servers_.lost(failure, unproven, now, loop_.clock().wallState());
    state_ = State::kWaiting;
    handlers_.disconnected();
    if (state_ == State::kWaiting) report(step, failure.kind);  // the handler may have stopped us
}

/// One line for each change, and the next attempt.
void MqttSession::report(const ServerList::Step& step, Kind kind) {
    const std::string server = toString(options_.server);
    if (step.isAdapted) {
        log::debug("{}: {}; trying with less", server, step.message);
        return attempt();
    }
    state_ = State::kWaiting;
    ++health_.failures;
    health_.isLoginRefused = kind == Kind::kRefusedLogin;
    if (step.isNews) {
        log::warning("{}: {}; trying {} {}", server, step.message,
                     settings_.mqtt.servers.size() > 1 ? "the next server" : "again",
                     step.wait.count() == 0 ? "now" : "in " + formatDuration(std::chrono::ceil<seconds>(step.wait)));
    }
    timer_ = loop_.after(step.wait, [this] { attempt(); });
    const bool isNewToHealth = std::exchange(health_.lastFailure, step.message) != step.message;
    if (step.isNews || isNewToHealth) handlers_.healthChanged();
}

void MqttSession::dropClient() {
    timer_.cancel();
    lookUp_.reset();
    addresses_.clear();
    client_.reset();
    isSubscribing_ = false;
    early_.clear();
    earlyBytes_ = 0;
}

void MqttSession::stop(std::vector<Publication> last, milliseconds limit, Task done) {
    whenStopped_.push_back(std::move(done));
    upcoming_.reset();
    if (state_ == State::kFinishing || state_ == State::kDisconnecting) return;
    if (state_ != State::kConnected) return finish();
    finishWith(std::move(last), limit);
}

void MqttSession::reconnect(SessionSettings settings, milliseconds limit) {
    if (!whenStopped_.empty()) return;
    upcoming_ = std::move(settings);
    if (state_ == State::kFinishing || state_ == State::kDisconnecting) return;
    if (state_ != State::kConnected) return finish();
    std::vector<Publication> last;
    if (!settings_.will.topic.empty()) last.push_back(settings_.will);
    finishWith(std::move(last), limit);
    handlers_.disconnected();
}

void MqttSession::finishWith(std::vector<Publication> last, milliseconds limit) {
    state_ = State::kFinishing;
    deadline_ = loop_.clock().now() + limit;
    timer_ = loop_.at(deadline_ - std::min<milliseconds>(kDisconnectTime, limit / 2), [this] { disconnect(); });
    sender_.finishWith(std::move(last));
}

void MqttSession::disconnect() {
    if (state_ != State::kFinishing) return;
    state_ = State::kDisconnecting;
    const auto left = std::chrono::duration_cast<milliseconds>(deadline_ - loop_.clock().now());
    timer_ = loop_.at(deadline_, [this] { finish(); });
    client_->disconnect(std::max(left, milliseconds{1}), [this] { finish(); });
}

void MqttSession::finish() {
    state_ = State::kStopped;
    dropClient();
    if (upcoming_) return useUpcomingSettings();
    sender_.close();
    for (Task& task : std::exchange(whenStopped_, {})) loop_.post(std::move(task));
}

void MqttSession::useUpcomingSettings() {
    if (upcoming_->clientId != settings_.clientId) {
        awaySince_.reset();
    } else if (!awaySince_) {
        awaySince_ = loop_.clock().now();
    }
    settings_ = *std::exchange(upcoming_, std::nullopt);
    servers_ = ServerList(settings_.mqtt, random_, !settings_.will.topic.empty());
    health_.lastFailure.clear();
    logWarnings();
    sender_.reopen(stallLimit(settings_.mqtt.keepAlive));
    attempt();
}

void MqttSession::logWarnings() const {
    for (const std::string& warning : connectionWarnings(settings_.mqtt)) log::warning("{}", warning);
}

const ConnectionInfo* MqttSession::connection() const {
    return state_ == State::kConnected ? &sender_.connection() : nullptr;
}

void MqttSession::publish(std::shared_ptr<const Publication> publication, Priority priority, DeliveryHandler done) {
    sender_.publish(std::move(publication), priority, std::move(done));
}

std::size_t MqttSession::maxPayload(const std::string& topic) const {
    return sender_.maxPayload(topic);
}

SessionHealth MqttSession::health() const {
    SessionHealth health = health_;
    health.connected = state_ == State::kConnected;
    health.waiting = sender_.waiting();
    health.droppedReplies = sender_.droppedReplies();
    health.deniedTopics = sender_.deniedTopics();
    health.warnings = connectionWarnings(settings_.mqtt);
    return health;
}

}  // namespace edge
