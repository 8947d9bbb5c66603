// SPDX-License-Identifier: MIT
#include "mqtt/session/session.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "core/system/log.hpp"
#include "core/text.hpp"
#include "mqtt/session/connector.hpp"
#include "mqtt/session/reason_codes.hpp"
#include "mqtt/session/sender.hpp"

namespace edge {

namespace {

using Kind = ConnectionFailure::Kind;

constexpr seconds kConnectTimeout{10};
/// What may arrive between CONNACK and SUBACK, from the broker's queue, before it is passed on all the same.
constexpr std::size_t kMaxEarlyMessages = 1000;
constexpr std::size_t kMaxEarlyBytes = 4 << 20;
/// Of the time that stop() has, this much is for the DISCONNECT.
constexpr milliseconds kDisconnectTime{500};

/// 2.5 times the keep-alive: sooner than Paho notices a dead link, later than a large picture takes on a slow one.
milliseconds stallLimit(milliseconds keepAlive) {
    return std::clamp<milliseconds>(keepAlive * 5 / 2, seconds{30}, seconds{60});
}

}  // namespace

struct MqttSession::Impl {
    enum class State {
        kStopped,
        kConnecting,
        kDiscarding,  ///< connected only to make a 3.1.1 broker forget the old session
        kSubscribing,
        kConnected,
        kWaiting,  ///< for the next attempt
        kFinishing,
        kDisconnecting,
    };

    Impl(Loop& l, MqttClientFactory makeClient, Resolver& resolver, SessionSettings settings, Handlers h,
         RandomSource source)
        : loop(l),
          config(std::move(settings.mqtt)),
          clientId(std::move(settings.clientId)),
          password(std::move(settings.password)),
          will(std::move(settings.will)),
          subscriptions(std::move(settings.subscriptions)),
          handlers(std::move(h)),
          random(source ? std::move(source) : systemRandom()),
          servers(config, random, !will.topic.empty()),
          connector(l, std::move(makeClient), resolver),
          sender(l, servers, stallLimit(config.keepAlive),
                 {[this] { changed(); },
                  [this](std::string why) {
                      lost({Kind::kNetwork, -1, std::move(why)});
                  },
                  [this] { disconnect(); }}) {
        health.warnings = connectionWarnings(config);
    }

    void attempt() {
        state = State::kConnecting;
        denied.clear();
        isSubscribing = false;
        const ServerList::Plan plan = servers.next(loop.clock().now());
        ConnectOptions options;
        attempted = plan.address;
        options.server = plan.address;
        options.protocolVersion = plan.limits.protocolVersion;
        options.clientId = clientId;
        options.username = config.username;
        options.password = password;
        options.tls = config.tls;
        options.keepAlive = plan.keepAlive;
        options.connectTimeout = kConnectTimeout;
        options.sessionExpiry = config.sessionExpiry;
        options.maximumPacketSize = kMaximumPacketSize;
        if (!will.topic.empty()) {
            options.will = will;
            options.will->qos = std::min(will.qos, plan.limits.publishQos);
            if (!plan.limits.willRetain) options.will->retain = Retain::kNo;
        }
        // MQTT 5 brokers end the session by themselves; a 3.1.1 one never does.
        const bool isV311 = plan.limits.protocolVersion < 5;
        isDiscarding = isV311 && config.sessionExpiry.count() > 0 && awayTooLong();
        options.cleanStart = isDiscarding || config.sessionExpiry.count() == 0;

        MqttClient::Handlers forClient;
        forClient.connected = [this](const ConnectionInfo& offered) { accepted(offered); };
        forClient.failed = [this](const ConnectionFailure& failure) { failed(failure); };
        forClient.lost = [this](const ConnectionFailure& failure) { lost(failure); };
        forClient.message = [this](InboundMessage message) { arrived(std::move(message)); };
        connector.start(std::move(options), std::move(forClient));
    }

    [[nodiscard]] bool awayTooLong() const {
        return awaySince && loop.clock().now() - *awaySince > config.sessionExpiry;
    }

    void accepted(const ConnectionInfo& offered) {
        client = connector.take();
        info = offered;
        if (servers.learnKeepAlive(info.limits.keepAlive)) {
            log::info("{} requires a keep-alive of {}; reconnecting", info.server,
                      formatDuration(info.limits.keepAlive));
            return leave(State::kConnecting);
        }
        info.limits.restrictTo(servers.limits());
        if (isDiscarding) {
            log::info("{}: away for longer than mqtt.session_expiry, what it kept for us is discarded", info.server);
            awaySince.reset();
            return leave(State::kDiscarding);
        }
        state = State::kSubscribing;
        asked = subscriptions;
        if (asked.empty()) return announce();
        subscribe(asked, info.limits.subscribeQos);
    }

    void subscribe(const std::vector<std::string>& topics, Qos qos) {
        isSubscribing = true;
        waitForSubscription(loop.clock().now());
        client->subscribe(topics, qos,
                          [this, topics, qos](const std::vector<int>& codes) { subscribed(topics, qos, codes); });
    }

    /// A broker that never answers a SUBSCRIBE is as good as none. What it kept for us comes before the answer, though,
    /// and may be long.
    void waitForSubscription(SteadyTime since) {
        timer = loop.at(since + kConnectTimeout, [this] {
            const SteadyTime progress = client->lastProgress();
            if (progress > loop.clock().now() - kConnectTimeout) return waitForSubscription(progress);
            lost({Kind::kNetwork, -1, "the broker does not answer the subscription"});
        });
    }

    /// A refusal that can be due to the QoS is answered with a lower one; where that is refused, too, it is the topic.
    void subscribed(const std::vector<std::string>& topics, Qos qos, const std::vector<int>& codes) {
        if (state != State::kSubscribing && state != State::kConnected) return;
        timer.cancel();
        std::vector<std::string> again;
        std::size_t granted = 0;
        for (std::size_t i = 0; i < codes.size() && i < topics.size(); ++i) {
            if (!isRefusal(codes[i])) {
                ++granted;
            } else if (canBeTheQos(codes[i]) && qos != Qos::kAtMostOnce) {
                again.push_back(topics[i]);
            } else {
                log::warning(
                    "the broker does not allow to subscribe to {} (code {}): nothing will arrive there; "
                    "check its access list",
                    printable(topics[i]), codes[i]);
                denied.push_back(topics[i]);
            }
        }
        if (granted > 0 && qos < info.limits.subscribeQos) {
            servers.learnSubscribeQos(qos);
            info.limits.subscribeQos = qos;
        }
        if (!again.empty()) return subscribe(again, static_cast<Qos>(static_cast<int>(qos) - 1));
        isSubscribing = false;
        if (state == State::kSubscribing) return announce();
        denyRefused();
        subscribeToMore();
    }

    /// Disconnects, and connects once more.
    void leave(State next) {
        state = next;
        client->disconnect(kDisconnectTime, [this] {
            client.reset();
            early.clear();
            attempt();
        });
    }

    void denyRefused() {
        for (const std::string& topic : std::exchange(denied, {})) sender.deny(topic);
    }

    void announce() {
        denyRefused();
        const bool isNews = servers.online(info.limits, loop.clock().now());
        state = State::kConnected;
        health.connected = true;
        ++health.connects;
        health.lastFailure.clear();
        log::info("connected to {}, MQTT {}{}", info.server, info.limits.protocolVersion >= 5 ? "5" : "3.1.1",
                  info.sessionPresent ? " (session resumed)" : "");
        const std::string leftOut = info.limits.leftOut();
        if (isNews && !leftOut.empty())
            log::warning("{} does not support everything; left out: {}", info.server, leftOut);
        sender.attach(*client, info);
        if (handlers.connected) handlers.connected(info);
        changed();
        subscribeToMore();
        for (InboundMessage& message : std::exchange(early, {})) deliver(std::move(message));
        earlyBytes = 0;
    }

    /// What has been added since this connection was made.
    void subscribeToMore() {
        if (state != State::kConnected || isSubscribing) return;
        std::vector<std::string> added;
        for (const std::string& topic : subscriptions) {
            if (std::find(asked.begin(), asked.end(), topic) == asked.end()) added.push_back(topic);
        }
        if (added.empty()) return;
        asked.insert(asked.end(), added.begin(), added.end());
        subscribe(added, info.limits.subscribeQos);
    }

    /// What the broker kept for us can arrive before the subscription is answered, and so before anybody knows of the
    /// connection. It waits that moment.
    void arrived(InboundMessage message) {
        const bool isEarly =
            state == State::kSubscribing && early.size() < kMaxEarlyMessages && earlyBytes < kMaxEarlyBytes;
        if (isEarly) {
            earlyBytes += message.payload.size();
            early.push_back(std::move(message));
        } else {
            deliver(std::move(message));
        }
    }

    void deliver(InboundMessage message) {
        // A handler may have stopped us. A reconnect may not lose what the broker takes for delivered.
        const bool isOpen = state == State::kSubscribing || state == State::kConnected || upcoming;
        const bool isOurs = std::find(subscriptions.begin(), subscriptions.end(), message.topic) != subscriptions.end();
        if (!isOurs) return log::debug("{}: not subscribed to, dropped", printable(message.topic));
        if (handlers.message && isOpen) handlers.message(std::move(message));
    }

    void failed(const ConnectionFailure& failure) {
        const Stage stage = state == State::kSubscribing ? Stage::kSubscribe : Stage::kConnect;
        const ServerList::Step step = servers.failed(stage, failure, loop.clock().now(), loop.clock().wallState());
        client.reset();
        early.clear();
        earlyBytes = 0;
        report(step);
    }

    void lost(const ConnectionFailure& failure) {
        timer.cancel();
        if (state == State::kFinishing || state == State::kDisconnecting) return finish();
        if (state != State::kConnected && state != State::kDiscarding) return failed(failure);
        client.reset();
        if (state == State::kDiscarding) return attempt();
        const SteadyTime now = loop.clock().now();
        if (config.sessionExpiry.count() > 0) awaySince = now;
        health.connected = false;
        const Unproven unproven = sender.detach(failure);
        const ServerList::Step step = servers.lost(failure, unproven, now, loop.clock().wallState());
        state = State::kWaiting;
        if (handlers.disconnected) handlers.disconnected();
        if (state == State::kWaiting) report(step);  // the handler may have stopped us
    }

    /// One line for each change, and the next attempt.
    void report(const ServerList::Step& step) {
        if (step.isAdapted) {
            log::debug("{}: {}; trying with less", toString(attempted), step.message);
            return attempt();
        }
        state = State::kWaiting;
        ++health.failures;
        if (step.isNews) {
            log::warning(
                "{}: {}; trying {} {}", toString(attempted), step.message,
                config.servers.size() > 1 ? "the next server" : "again",
                step.wait.count() == 0 ? "now" : "in " + formatDuration(std::chrono::ceil<seconds>(step.wait)));
        }
        timer = loop.after(step.wait, [this] { attempt(); });
        const bool isNewToHealth = std::exchange(health.lastFailure, step.message) != step.message;
        if (step.isNews || isNewToHealth) changed();
    }

    void changed() {
        if (handlers.healthChanged) handlers.healthChanged();
    }

    void stop(std::vector<Publication> last, milliseconds limit, Task done) {
        whenStopped.push_back(std::move(done));
        upcoming.reset();
        if (state == State::kFinishing || state == State::kDisconnecting) return;
        if (state != State::kConnected) return finish();
        finishWith(std::move(last), limit);
    }

    void reconnect(SessionSettings settings, milliseconds limit) {
        if (!whenStopped.empty()) return;
        upcoming = std::move(settings);
        if (state == State::kFinishing || state == State::kDisconnecting) return;
        if (state != State::kConnected) return finish();
        std::vector<Publication> last;
        if (!will.topic.empty()) last.push_back(will);
        finishWith(std::move(last), limit);
        health.connected = false;
        if (handlers.disconnected) handlers.disconnected();
    }

    void finishWith(std::vector<Publication> last, milliseconds limit) {
        state = State::kFinishing;
        deadline = loop.clock().now() + limit;
        timer = loop.at(deadline - std::min<milliseconds>(kDisconnectTime, limit / 2), [this] { disconnect(); });
        sender.finishWith(std::move(last));
    }

    void disconnect() {
        if (state != State::kFinishing) return;
        state = State::kDisconnecting;
        const auto left = std::chrono::duration_cast<milliseconds>(deadline - loop.clock().now());
        timer = loop.at(deadline, [this] { finish(); });
        client->disconnect(std::max(left, milliseconds{1}), [this] { finish(); });
    }

    void finish() {
        state = State::kStopped;
        timer.cancel();
        connector.cancel();
        client.reset();
        early.clear();
        health.connected = false;
        if (upcoming) return startAnew();
        sender.close();
        for (Task& task : std::exchange(whenStopped, {})) loop.post(std::move(task));
    }

    void startAnew() {
        SessionSettings settings = std::move(*upcoming);
        upcoming.reset();
        if (settings.clientId != clientId) {
            awaySince.reset();
        } else if (!awaySince) {
            awaySince = loop.clock().now();
        }
        config = std::move(settings.mqtt);
        clientId = std::move(settings.clientId);
        password = std::move(settings.password);
        will = std::move(settings.will);
        subscriptions = std::move(settings.subscriptions);
        servers = ServerList(config, random, !will.topic.empty());
        health.lastFailure.clear();
        health.warnings = connectionWarnings(config);
        for (const std::string& warning : health.warnings) log::warning("{}", warning);
        sender.reopen(stallLimit(config.keepAlive));
        attempt();
    }

    Loop& loop;
    MqttConfig config;
    std::string clientId;
    std::string password;
    Publication will;
    std::vector<std::string> subscriptions;
    const Handlers handlers;
    const RandomSource random;

    State state = State::kStopped;
    SessionHealth health;
    ServerList servers;
    Connector connector;
    Sender sender;
    std::unique_ptr<MqttClient> client;
    ServerAddress attempted;
    ConnectionInfo info;
    std::optional<SteadyTime> awaySince;  ///< since when nobody has been connected with our id
    bool isDiscarding = false;
    std::vector<std::string> denied;          ///< subscriptions that were refused and not told to the sender yet
    bool isSubscribing = false;               ///< a SUBSCRIBE is not answered yet
    std::vector<std::string> asked;           ///< the topics that this connection has been subscribed to
    std::optional<SessionSettings> upcoming;  ///< what reconnect() goes on with
    std::vector<InboundMessage> early;
    std::size_t earlyBytes = 0;
    Timer timer;  ///< of the state: the next attempt, the answer to SUBSCRIBE, the end of stop()
    SteadyTime deadline{};
    std::vector<Task> whenStopped;
};

MqttSession::MqttSession(Loop& loop, MqttClientFactory makeClient, Resolver& resolver, SessionSettings settings,
                         Handlers handlers, RandomSource random)
    : impl_(std::make_unique<Impl>(loop, std::move(makeClient), resolver, std::move(settings), std::move(handlers),
                                   std::move(random))) {}

MqttSession::~MqttSession() = default;

void MqttSession::start(std::optional<milliseconds> away) {
    for (const std::string& warning : impl_->health.warnings) log::warning("{}", warning);
    if (away) impl_->awaySince = impl_->loop.clock().now() - *away;
    impl_->attempt();
}

void MqttSession::reconnect(SessionSettings settings, milliseconds limit) {
    impl_->reconnect(std::move(settings), limit);
}

void MqttSession::subscribe(std::vector<std::string> subscriptions) {
    impl_->subscriptions = std::move(subscriptions);
    impl_->subscribeToMore();
}

void MqttSession::stop(std::vector<Publication> last, milliseconds limit, Task done) {
    impl_->stop(std::move(last), limit, std::move(done));
}

const ConnectionInfo* MqttSession::connection() const {
    return impl_->state == Impl::State::kConnected ? &impl_->sender.connection() : nullptr;
}

void MqttSession::publish(std::shared_ptr<const Publication> publication, Priority priority, DeliveryHandler done) {
    impl_->sender.publish(std::move(publication), priority, std::move(done));
}

std::size_t MqttSession::maxPayload(const std::string& topic) const {
    return impl_->sender.maxPayload(topic);
}

const SessionHealth& MqttSession::health() const {
    impl_->health.waiting = impl_->sender.waiting();
    impl_->health.droppedReplies = impl_->sender.droppedReplies();
    impl_->health.deniedTopics = impl_->sender.deniedTopics();
    return impl_->health;
}

}  // namespace edge
