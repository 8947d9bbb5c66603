// SPDX-License-Identifier: MIT
#include "mqtt/paho/paho_connection.hpp"

#include <MQTTAsync.h>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <utility>

#include <mqtt/async_client.h>

#include "mqtt/paho/paho_sockets.hpp"
#include "mqtt/paho/paho_waits.hpp"

namespace edge {

namespace {

constexpr int kRefused = 0x80;
constexpr int kTopicNameInvalid = 0x90;
constexpr int kGone = -1;

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
    return inbound;
}

mqtt::properties toProperties(const Publication& publication) {
    mqtt::properties properties;
    if (!publication.contentType.empty()) {
        properties.add(mqtt::property(mqtt::property::CONTENT_TYPE, publication.contentType));
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
    const bool isTls = from.server.scheme == Scheme::kMqtts || from.server.scheme == Scheme::kWss;
    if (isTls) options.set_ssl(toTlsOptions(from.tls));
    return options;
}

/// The broker's reason where there is one. Where the library failed by itself, Paho 1.3.12 leaves the reason
/// uninitialised.
int codeOf(const mqtt::token& token) {
    const int code = token.get_return_code();
    if (code != 0) return code;
    return static_cast<int>(token.get_reason_code());
}

/// The library gives its text only with the exception.
std::string textOf(const mqtt::token& token) {
    try {
        const_cast<mqtt::token&>(token).wait();  // it is complete: returns or throws at once
    } catch (const mqtt::exception& error) {
        return error.get_message();
    }
    return {};
}

/// Paho frees everything global with its last client, and waits a second for its threads to end before that. This one
/// is never connected and never goes, so that a server that fails is followed by the next at once.
///
/// OpenSSL initialises itself when it is used, and not before: without TLS its half megabyte is not needed.
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

}  // namespace

struct PahoConnection::Impl {
    struct Listener : mqtt::iaction_listener {
        explicit Listener(Impl& impl) : owner(impl) {}
        Impl& owner;
    };
    struct ConnectListener : Listener {
        using Listener::Listener;
        void on_success(const mqtt::token& token) override {
            owner.connecting.connected(std::chrono::ceil<seconds>(owner.options.keepAlive));
            owner.events.connected(
                toInfo(token.get_connect_response(), owner.options.protocolVersion, toString(owner.options.server)));
        }
        void on_failure(const mqtt::token& token) override {
            owner.connecting.end();
            owner.events.failed(codeOf(token), textOf(token), owner.route.problem());
        }
    };
    /// One SUBSCRIBE a topic: of several topics in one, version 1.2.0 hides all answers when the first is a refusal.
    struct SubscribeListener : Listener {
        using Listener::Listener;
        void begin(std::size_t topics) {
            codes.assign(topics, kGone);
            waiting = topics;
        }
        void on_success(const mqtt::token& token) override {
            // A broker that answers with more codes than there were topics makes a failure of a success.
            const int code = codeOf(token);
            answer(token, code >= kRefused ? code : 0);
        }
        void on_failure(const mqtt::token& token) override {
            const int code = codeOf(token);
            if (code >= kRefused) answer(token, code);  // else the connection ended, which is reported by itself
        }
        void answer(const mqtt::token& token, int code) {
            codes.at(std::bit_cast<std::uintptr_t>(token.get_user_context())) = code;
            if (--waiting == 0) owner.events.subscribed(codes);
        }
        std::vector<int> codes;
        std::size_t waiting = 0;
    };
    struct PublishListener : Listener {
        using Listener::Listener;
        void on_success(const mqtt::token& token) override { tell(idOf(token), 0); }
        void on_failure(const mqtt::token& token) override {
            const int code = codeOf(token);
            tell(idOf(token), code >= kRefused ? code : kGone);
        }
        void tell(PublishId id, int code) const {
            if (id != kUnwatched) owner.events.published(id, code);
        }
        static PublishId idOf(const mqtt::token& token) { return std::bit_cast<PublishId>(token.get_user_context()); }
    };
    struct DisconnectListener : Listener {
        using Listener::Listener;
        void on_success(const mqtt::token&) override { owner.events.disconnected(); }
        void on_failure(const mqtt::token&) override { owner.events.disconnected(); }
    };

    Impl(ConnectOptions o, Events e) : options(std::move(o)), events(std::move(e)), route(options) {}

    void open() {
        keepLibraryAlive();
        mqtt::create_options create(options.protocolVersion, kMaxBuffered);
        client = std::make_unique<mqtt::async_client>(route.uri(), options.clientId, create, nullptr);
        client->set_connection_lost_handler([this](const std::string& cause) { events.lost(kGone, cause); });
        // A DISCONNECT of the broker (MQTT 5) comes here, and not as a lost connection.
        client->set_disconnected_handler([this](const mqtt::properties& properties, mqtt::ReasonCode code) {
            events.lost(static_cast<int>(code), propertyOr<std::string>(properties, mqtt::property::REASON_STRING, ""));
        });
        client->set_message_callback(
            [this](const mqtt::const_message_ptr& message) { events.message(toInbound(*message)); });
        connecting.begin();
        client->connect(toConnectOptions(options), nullptr, onConnect);
    }

    const ConnectOptions options;
    const Events events;
    const PahoRoute route;
    ConnectingMark connecting;
    ConnectListener onConnect{*this};
    SubscribeListener onSubscribe{*this};
    PublishListener onPublish{*this};
    DisconnectListener onDisconnect{*this};
    std::unique_ptr<mqtt::async_client> client;
};

PahoConnection::PahoConnection(ConnectOptions options, Events events)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(events))) {}

PahoConnection::~PahoConnection() = default;

void PahoConnection::open() {
    try {
        impl_->open();
    } catch (const std::exception& error) {  // an option that Paho refuses: not UTF-8, for example
        impl_->events.failed(kGone, error.what(), std::nullopt);
    }
}

void PahoConnection::subscribe(const std::vector<std::string>& topics, Qos qos) {
    try {
        impl_->onSubscribe.begin(topics.size());
        for (std::size_t i = 0; i < topics.size(); ++i) {
            impl_->client->subscribe(topics[i], static_cast<int>(qos), std::bit_cast<void*>(std::uintptr_t{i}),
                                     impl_->onSubscribe);
        }
    } catch (const std::exception&) {
        // Not connected any more, which is reported by itself.
    }
}

void PahoConnection::publish(const std::shared_ptr<const Publication>& publication, PublishId id) {
    try {
        const auto message = toMessage(publication, impl_->options.protocolVersion);
        impl_->client->publish(message, std::bit_cast<void*>(id), impl_->onPublish);
    } catch (const mqtt::exception& error) {
        const bool isBadTopic = error.get_return_code() == MQTTASYNC_BAD_UTF8_STRING;
        impl_->onPublish.tell(id, isBadTopic ? kTopicNameInvalid : kGone);
    }
}

void PahoConnection::disconnect(milliseconds limit) {
    try {
        impl_->client->disconnect(static_cast<int>(limit.count()), nullptr, impl_->onDisconnect);
    } catch (const std::exception&) {
        impl_->events.disconnected();
    }
}

void PahoConnection::close() {
    impl_->connecting.end();
    impl_->client.reset();
}

}  // namespace edge
