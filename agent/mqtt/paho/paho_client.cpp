// SPDX-License-Identifier: MIT
#include "mqtt/paho/paho_client.hpp"

#include <signal.h>

#include <MQTTAsync.h>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <initializer_list>
#include <map>
#include <type_traits>
#include <utility>

#include <fmt/core.h>
#include <mqtt/async_client.h>

#include "core/loop/scope.hpp"
#include "core/system/log.hpp"
#include "mqtt/net/tls_failure.hpp"
#include "mqtt/paho/poll_shim.hpp"
#include "mqtt/paho/socket_shim.hpp"
#include "mqtt/session/reason_codes.hpp"

namespace edge {

namespace {

/// The text with which Paho reports that the broker closed the connection after CONNECT.
constexpr const char* kClosedOnConnect = "TCP connect completion failure";
/// Messages on their way from Paho's thread to the loop: reached only if the loop is blocked.
constexpr std::size_t kMaxInboundBytes = 4 << 20;
constexpr std::size_t kMessageCost = 256;

/// As many commands as Paho may hold for us; the send window is far smaller.
constexpr int kMaxBuffered = 1000;
/// OpenSSL's own, without keys of less than 112 bits of security (RSA with 1024): Paho 1.3.12 lowers the level to 1.
constexpr const char* kTlsCiphers = "DEFAULT:@SECLEVEL=2";
/// Paho's own limit only has to be out of the way of ours.
constexpr int kMaxInFlight = 1000;

template <typename T>
T propertyOr(const mqtt::properties& properties, mqtt::property::code code, T otherwise) {
    return properties.contains(code) ? mqtt::get<T>(properties, code) : otherwise;
}

ConnectionInfo toInfo(const mqtt::connect_response& response, int protocolVersion, const std::string& server) {
    const mqtt::properties& properties = response.get_properties();
    ConnectionInfo info;
    info.server = server;
    info.sessionPresent = response.is_session_present();
    info.receiveMaximum = propertyOr<std::uint16_t>(properties, mqtt::property::RECEIVE_MAXIMUM, 65535);
    BrokerLimits& limits = info.limits;
    limits.protocolVersion = protocolVersion;
    const int qos = propertyOr<std::uint8_t>(properties, mqtt::property::MAXIMUM_QOS, 2);
    limits.publishQos = qos == 0 ? Qos::kAtMostOnce : qos == 1 ? Qos::kAtLeastOnce : Qos::kExactlyOnce;
    limits.subscribeQos = limits.publishQos;
    limits.retain = propertyOr<std::uint8_t>(properties, mqtt::property::RETAIN_AVAILABLE, 1) != 0;
    limits.keepAlive = seconds{propertyOr<std::uint16_t>(properties, mqtt::property::SERVER_KEEP_ALIVE, 0)};
    const auto packetSize = propertyOr<std::uint32_t>(properties, mqtt::property::MAXIMUM_PACKET_SIZE, 0);
    if (packetSize != 0) limits.packetSize = packetSize;
    return info;
}

InboundMessage toInbound(const mqtt::message& message) {
    InboundMessage inbound;
    inbound.topic = message.get_topic();
    inbound.payload = message.get_payload_str();
    inbound.qos = static_cast<Qos>(message.get_qos());
    inbound.retained = message.is_retained();
    const mqtt::properties& properties = message.get_properties();
    if (properties.contains(mqtt::property::RESPONSE_TOPIC)) {
        inbound.responseTopic = mqtt::get<std::string>(properties, mqtt::property::RESPONSE_TOPIC);
    }
    if (properties.contains(mqtt::property::CORRELATION_DATA)) {
        inbound.correlationData = mqtt::get<std::string>(properties, mqtt::property::CORRELATION_DATA);
    }
    for (std::size_t i = 0; i < properties.count(mqtt::property::USER_PROPERTY); ++i) {
        auto [name, value] = mqtt::get<mqtt::string_pair>(properties, mqtt::property::USER_PROPERTY, i);
        inbound.userProperties.emplace_back(std::move(name), std::move(value));
    }
    return inbound;
}

mqtt::properties toProperties(const Publication& publication) {
    mqtt::properties properties;
    if (!publication.contentType.empty()) {
        properties.add(mqtt::property(mqtt::property::CONTENT_TYPE, publication.contentType));
    }
    if (publication.responseTopic) {
        properties.add(mqtt::property(mqtt::property::RESPONSE_TOPIC, *publication.responseTopic));
    }
    if (publication.correlationData) {
        properties.add(mqtt::property(mqtt::property::CORRELATION_DATA, *publication.correlationData));
    }
    if (publication.expiry) {
        properties.add(mqtt::property(mqtt::property::MESSAGE_EXPIRY_INTERVAL,
                                      static_cast<std::int32_t>(publication.expiry->count())));
    }
    for (const auto& [name, value] : publication.userProperties) {
        properties.add(mqtt::property(mqtt::property::USER_PROPERTY, name, value));
    }
    return properties;
}

/// Shares the publication's bytes: a picture is copied once, by Paho.
mqtt::message_ptr toMessage(const std::shared_ptr<const Publication>& publication, int protocolVersion) {
    const std::shared_ptr<const std::string> topic(publication, &publication->topic);
    const std::shared_ptr<const std::string> payload(publication, &publication->payload);
    auto message = mqtt::message::create(mqtt::string_ref(topic), mqtt::binary_ref(payload),
                                         static_cast<int>(publication->qos), publication->retain == Retain::kYes);
    if (protocolVersion >= 5) message->set_properties(toProperties(*publication));
    return message;
}

mqtt::ssl_options toTlsOptions(const TlsConfig& tls) {
    mqtt::ssl_options options;
    options.set_enable_server_cert_auth(true);
    options.set_verify(true);  // the host name; Paho's default is not to look at it
    options.set_ssl_version(MQTT_SSL_VERSION_TLS_1_2);
    options.set_enabled_cipher_suites(kTlsCiphers);
    if (!tls.caFile.empty()) options.set_trust_store(tls.caFile);
    if (!tls.certFile.empty()) options.set_key_store(tls.certFile);
    if (!tls.keyFile.empty()) options.set_private_key(tls.keyFile);
    return options;
}

mqtt::connect_options toConnectOptions(const ConnectOptions& from) {
    mqtt::connect_options options;
    options.set_mqtt_version(from.protocolVersion);
    options.set_automatic_reconnect(false);
    options.set_keep_alive_interval(std::chrono::ceil<seconds>(from.keepAlive));
    options.set_connect_timeout(std::chrono::ceil<seconds>(from.connectTimeout) + seconds{5});  // ours comes first
    options.set_max_inflight(kMaxInFlight);
    if (!from.username.empty()) options.set_user_name(from.username);
    if (!from.password.empty()) options.set_password(from.password);
    if (from.protocolVersion >= 5) {
        options.set_clean_start(from.cleanStart);
        mqtt::properties properties;
        const auto expiry = std::chrono::ceil<seconds>(from.sessionExpiry).count();
        properties.add(mqtt::property(mqtt::property::SESSION_EXPIRY_INTERVAL, static_cast<std::int32_t>(expiry)));
        if (from.maximumPacketSize != 0) {
            properties.add(
                mqtt::property(mqtt::property::MAXIMUM_PACKET_SIZE, static_cast<std::int32_t>(from.maximumPacketSize)));
        }
        options.set_properties(std::move(properties));
    } else {
        options.set_clean_session(from.cleanStart);
    }
    if (from.will) {
        options.set_will_message(mqtt::message(from.will->topic, from.will->payload, static_cast<int>(from.will->qos),
                                               from.will->retain == Retain::kYes));
    }
    if (usesTls(from.server.scheme)) options.set_ssl(toTlsOptions(from.tls));
    return options;
}

/// Paho frees everything global with its last client, and waits a second for its threads to end before that. This one
/// is never connected and never destroyed, so that the next attempt after a failure starts at once.
///
/// OpenSSL initialises itself on first use: without TLS its half megabyte is not needed.
void keepLibraryAlive() {
    static const std::atomic<const mqtt::async_client*> anchor = [] {
        MQTTAsync_init_options options = MQTTAsync_init_options_initializer;
        options.do_openssl_init = 0;
        MQTTAsync_global_init(&options);
        if (std::getenv("MQTT_C_CLIENT_TRACE") == nullptr) MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_ERROR);
        return new mqtt::async_client("tcp://127.0.0.1:1883", "anchor", mqtt::create_options(MQTTVERSION_5), nullptr);
    }();
    static_cast<void>(anchor.load());
}

/// The broker's code where there is one. Where the library itself failed, Paho 1.3.12 leaves the reason uninitialised.
int codeOf(const mqtt::token& token) {
    const int code = token.get_return_code();
    return code != 0 ? code : static_cast<int>(token.get_reason_code());
}

/// The library provides its text only with the exception.
std::string textOf(const mqtt::token& token) {
    try {
        const_cast<mqtt::token&>(token).wait();  // it is complete: returns or throws at once
    } catch (const mqtt::exception& error) {
        return error.get_message();
    }
    return {};
}

std::size_t costOf(const InboundMessage& message) {
    return bytesOf(message) + kMessageCost;
}

class Listener : public mqtt::iaction_listener {
  public:
    using Handler = std::function<void(const mqtt::token&)>;
    Listener(Handler succeeded, Handler failed) : succeeded_(std::move(succeeded)), failed_(std::move(failed)) {}
    void on_success(const mqtt::token& token) override { succeeded_(token); }
    void on_failure(const mqtt::token& token) override { failed_(token); }

  private:
    const Handler succeeded_, failed_;
};

/// What calls Paho. A call can block for as long as Paho holds its global mutex: call on a strand, not on the loop. The
/// exception is publish(): Paho connects one client after the other, so that the mutex is held only briefly while this
/// one is connected.
class Connection {
  public:
    using PublishId = std::uintptr_t;  ///< Paho carries it along as a pointer
    /// The id of publications without an event `published`.
    static constexpr PublishId kUnwatched = 0;

    /// Called on Paho's threads, under its mutex: copy, post, return.
    struct Events {
        std::function<void(ConnectionInfo)> connected;
        std::function<void(ConnectionFailure)> failed;  ///< instead of connected
        std::function<void(ConnectionFailure)> lost;
        std::function<void(InboundMessage)> message;  ///< release() it
        std::function<void()> dropped;                ///< a message, because too many wait to be released
        std::function<void(std::vector<int> codes)> subscribed;
        std::function<void(PublishId id, int code)> published;
        std::function<void()> disconnected;
    };

    Connection(const ConnectOptions& options, Events events)
        : options_(options), events_(std::move(events)), route_(options) {}

    void open() {
        try {
            keepLibraryAlive();
            connect();
        } catch (const std::exception& error) {  // an option that Paho refuses, for example one that is not UTF-8
            events_.failed(cannotConnect(options_, error.what()));
        }
    }

    void subscribe(const std::vector<std::string>& topics, Qos qos) {
        try {
            subscribeCodes_.assign(topics.size(), kConnectionEnded);
            subscribesWaiting_ = topics.size();
            for (std::size_t i = 0; i < topics.size(); ++i) {
                client_->subscribe(topics[i], static_cast<int>(qos), std::bit_cast<void*>(std::uintptr_t{i}),
                                   onSubscribe_);
            }
        } catch (const std::exception&) {
            // Not connected any more, which is reported separately.
        }
    }

    /// Between the events `connected` and `lost`; any thread.
    void publish(const std::shared_ptr<const Publication>& publication, PublishId id) {
        try {
            client_->publish(toMessage(publication, options_.protocolVersion), std::bit_cast<void*>(id), onPublish_);
        } catch (const mqtt::exception& error) {
            const bool isBadTopic = error.get_return_code() == MQTTASYNC_BAD_UTF8_STRING;
            if (id != kUnwatched) events_.published(id, isBadTopic ? kTopicNameInvalid : kConnectionEnded);
        }
    }

    void disconnect(milliseconds limit) {
        try {
            client_->disconnect(static_cast<int>(limit.count()), nullptr, onDisconnect_);
        } catch (const std::exception&) {
            events_.disconnected();
        }
    }

    /// Ends everything; no event comes afterwards.
    void close() {
        connecting_.end();
        client_.reset();
    }

    /// Why connecting does not succeed, or how much is unacknowledged (as MqttClient's). Thread: any.
    [[nodiscard]] std::optional<ConnectionFailure> problem() const { return route_.problem(); }
    [[nodiscard]] std::size_t unacknowledgedBytes() const { return route_.unacknowledgedBytes(); }
    /// The message has been handled. Thread: any.
    void release(const InboundMessage& message) { inboundBytes_ -= costOf(message); }

  private:
    void connect() {
        const mqtt::create_options create(options_.protocolVersion, kMaxBuffered);
        client_ = std::make_unique<mqtt::async_client>(route_.uri(), options_.clientId, create, nullptr);
        client_->set_connection_lost_handler([this](const std::string&) {
            events_.lost({ConnectionFailure::Kind::kNetwork, -1, "the connection to the broker was lost"});
        });
        // A DISCONNECT of the broker (MQTT 5) comes here, and not as a lost connection.
        client_->set_disconnected_handler([this](const mqtt::properties& properties, mqtt::ReasonCode code) {
            const auto reason = propertyOr<std::string>(properties, mqtt::property::REASON_STRING, "");
            events_.lost(describeRefusal(static_cast<int>(code), reason));
        });
        client_->set_message_callback([this](const mqtt::const_message_ptr& message) { arrived(toInbound(*message)); });
        connecting_.begin();
        client_->connect(toConnectOptions(options_), nullptr, onConnect_);
    }

    [[nodiscard]] ConnectionFailure connectFailure(const mqtt::token& token) const {
        const int code = codeOf(token);
        if (code > 0) return describeRefusal(code, "");
        if (auto problem = route_.problem()) return *std::move(problem);
        const bool isTls = usesTls(options_.server.scheme);
        const std::string text = textOf(token);
        if (text == kClosedOnConnect) {
            return {ConnectionFailure::Kind::kClosedOnConnect, -1,
                    fmt::format("{} port {} closed the connection instead of answering; is it a broker{}?",
                                options_.server.host, options_.server.port, isTls ? "" : ", and a port without TLS")};
        }
        if (auto problem = isTls ? checkTlsFiles(options_.tls) : std::nullopt) return *std::move(problem);
        return cannotConnect(options_, text);
    }

    void arrived(InboundMessage message) {
        const std::size_t cost = costOf(message);
        const std::size_t before = inboundBytes_.fetch_add(cost);
        // A single one is never too many.
        if (before == 0 || before + cost <= kMaxInboundBytes) return events_.message(std::move(message));
        inboundBytes_ -= cost;
        events_.dropped();
    }

    void answer(const mqtt::token& token, int code) {
        subscribeCodes_.at(std::bit_cast<std::uintptr_t>(token.get_user_context())) = code;
        if (--subscribesWaiting_ == 0) events_.subscribed(subscribeCodes_);
    }

    void published(const mqtt::token& token, int code) const {
        const auto id = std::bit_cast<PublishId>(token.get_user_context());
        if (id != kUnwatched) events_.published(id, code);
    }

    const ConnectOptions options_;
    const Events events_;
    const PahoRoute route_;
    ConnectScope connecting_;
    std::atomic<std::size_t> inboundBytes_{0};
    std::vector<int> subscribeCodes_;
    std::size_t subscribesWaiting_ = 0;
    Listener onConnect_{[this](const mqtt::token& token) {
                            connecting_.connected(std::chrono::ceil<seconds>(options_.keepAlive));
                            events_.connected(toInfo(token.get_connect_response(), options_.protocolVersion,
                                                     toString(options_.server)));
                        },
                        [this](const mqtt::token& token) {
                            connecting_.end();
                            events_.failed(connectFailure(token));
                        }};
    /// One SUBSCRIBE a topic: of several topics in one, version 1.2.0 hides all answers when the first is a refusal.
    Listener onSubscribe_{[this](const mqtt::token& token) {
                              // A broker that answers with more codes than there were topics makes a failure of a
                              // success.
                              answer(token, isRefusal(codeOf(token)) ? codeOf(token) : 0);
                          },
                          [this](const mqtt::token& token) {
                              // Otherwise the connection ended, which is reported separately.
                              if (isRefusal(codeOf(token))) answer(token, codeOf(token));
                          }};
    Listener onPublish_{[this](const mqtt::token& token) { published(token, 0); },
                        [this](const mqtt::token& token) {
                            published(token, isRefusal(codeOf(token)) ? codeOf(token) : kConnectionEnded);
                        }};
    Listener onDisconnect_{[this](const mqtt::token&) { events_.disconnected(); },
                           [this](const mqtt::token&) { events_.disconnected(); }};
    std::unique_ptr<mqtt::async_client> client_;
};

/// What lives on the loop.
class PahoClient : public MqttClient {
  public:
    PahoClient(Loop& loop, std::shared_ptr<Executor> strand, const ConnectOptions& options, Handlers handlers)
        : loop_(loop), strand_(std::move(strand)), options_(options), handlers_(std::move(handlers)) {
        connection_ = std::make_shared<Connection>(
            options, Connection::Events{onLoop(&PahoClient::onConnected), onLoop(&PahoClient::onFailed),
                                        onLoop(&PahoClient::onLost), onLoop(&PahoClient::onMessage),
                                        onLoop(&PahoClient::onDropped), onLoop(&PahoClient::onSubscribed),
                                        onLoop(&PahoClient::onPublished), onLoop(&PahoClient::onDisconnected)});
    }

    ~PahoClient() override {
        strand_->post([connection = std::move(connection_)] { connection->close(); });
    }

    void connect() override {
        state_ = State::kConnecting;
        timer_ = loop_.after(options_.connectTimeout, [this] {
            onFailed(connection_->problem().value_or(ConnectionFailure{
                ConnectionFailure::Kind::kNetwork, -1,
                fmt::format("{} port {} does not answer within {} s", options_.server.host, options_.server.port,
                            std::chrono::ceil<seconds>(options_.connectTimeout).count())}));
        });
        strand_->post([connection = connection_] { connection->open(); });
    }

    void subscribe(std::vector<std::string> topics, Qos qos, SubscribeHandler done) override {
        subscribed_ = std::move(done);
        strand_->post(
            [connection = connection_, topics = std::move(topics), qos] { connection->subscribe(topics, qos); });
    }

    void publish(std::shared_ptr<const Publication> publication, PublishHandler done) override {
        const Connection::PublishId id = done ? ++lastId_ : Connection::kUnwatched;
        if (done) published_.emplace(id, std::move(done));
        connection_->publish(publication, id);
    }

    [[nodiscard]] SteadyTime lastProgress() const override { return lastLineProgress(); }
    [[nodiscard]] std::size_t unacknowledgedBytes() const override { return connection_->unacknowledgedBytes(); }

    void disconnect(milliseconds limit, std::function<void()> done) override {
        disconnected_ = std::move(done);
        timer_ = loop_.after(limit, [this] { onDisconnected(); });
        strand_->post([connection = connection_, limit] { connection->disconnect(limit); });
    }

  private:
    using PublishId = Connection::PublishId;
    enum class State { kNew, kConnecting, kConnected, kEnded };

    /// From any thread: posts a call of `method` to the loop, which does nothing once this client is gone.
    template <typename... Values>
    std::function<void(std::remove_cvref_t<Values>...)> onLoop(void (PahoClient::*method)(Values...)) {
        auto call = scope_.wrap([this, method](Values... values) { (this->*method)(std::forward<Values>(values)...); });
        return [&loop = loop_, call](Values... values) {
            loop.post([call, ... values = std::move(values)]() mutable { call(std::move(values)...); });
        };
    }

    void onConnected(const ConnectionInfo& info) {
        if (state_ != State::kConnecting) return;
        state_ = State::kConnected;
        timer_.cancel();
        handlers_.connected(info);
    }

    // A handler may destroy this client, and so the handlers: it is copied, or moved out, before it is called.

    void onFailed(const ConnectionFailure& failure) {
        if (state_ != State::kConnecting) return;
        state_ = State::kEnded;
        timer_.cancel();
        const auto failed = handlers_.failed;
        failed(failure);
    }

    void onLost(const ConnectionFailure& failure) {
        if (state_ != State::kConnected) return;
        state_ = State::kEnded;
        const auto lost = handlers_.lost;
        lost(failure);
    }

    void onMessage(InboundMessage message) {
        connection_->release(message);
        isDropping_ = false;
        const auto arrived = handlers_.message;
        if (state_ == State::kConnected) arrived(std::move(message));
    }

    void onDropped() {
        if (!std::exchange(isDropping_, true)) log::warning("messages arrive too fast: some are dropped");
    }

    void onSubscribed(const std::vector<int>& codes) {
        const auto done = std::exchange(subscribed_, nullptr);
        if (state_ == State::kConnected && done) done(codes);
    }

    void onPublished(PublishId id, int code) {
        auto entry = published_.extract(id);
        if (state_ == State::kConnected && !entry.empty()) entry.mapped()(code);
    }

    void onDisconnected() {
        timer_.cancel();
        state_ = State::kEnded;
        const auto done = std::exchange(disconnected_, nullptr);
        if (done) done();
    }

    Loop& loop_;
    const std::shared_ptr<Executor> strand_;
    const ConnectOptions options_;
    const Handlers handlers_;
    std::shared_ptr<Connection> connection_;  ///< publishes here, does all else on the strand
    State state_ = State::kNew;
    Timer timer_;  ///< of connect() or disconnect()
    SubscribeHandler subscribed_;
    std::function<void()> disconnected_;
    PublishId lastId_ = 0;
    std::map<PublishId, PublishHandler> published_;
    bool isDropping_ = false;
    Scope scope_;
};

}  // namespace

MqttClientFactory makePahoClientFactory(Loop& loop, std::shared_ptr<Executor> strand) {
    ::signal(SIGPIPE, SIG_IGN);
    return [&loop, strand = std::move(strand)](const ConnectOptions& options, MqttClient::Handlers handlers) {
        return std::make_unique<PahoClient>(loop, strand, options, std::move(handlers));
    };
}

void ignoreProxyEnvironment() {
    for (const char* name : {"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"}) unsetenv(name);
}

}  // namespace edge
