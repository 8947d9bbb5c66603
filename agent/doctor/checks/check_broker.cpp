// SPDX-License-Identifier: MIT
#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "core/text.hpp"
#include "doctor/checks/checks.hpp"
#include "mqtt/session/short_client.hpp"
#include "services/commands/command_service.hpp"

namespace edge {
namespace {

using Json = nlohmann::json;

constexpr const char* kCheck = "broker";
constexpr int kMqtt5 = 5;
constexpr seconds kAnswerLimit{5};
/// For what the broker keeps, and for a message to come back, after it was acknowledged.
constexpr milliseconds kRetainedLimit{500};
constexpr milliseconds kEchoLimit{1000};
constexpr seconds kAllLimit{60};
constexpr const char* kExpiredCommand =
    R"({"command":"status","expires_at":"2000-01-01T00:00:00.000Z","transaction":"doctor"})";

/// An empty retained message deletes what is retained, and here nothing is. With 3.1.1 nothing but trying shows whether
/// a broker takes a retained message, a retained last will, or the QoS of readings.
Publication probe(const Config& config, Retain retain) {
    if (config.topics.base.empty()) return {};
    return {.topic = config.topics.base + "/sensor/doctor", .payload = "", .retain = retain};
}

/// One server after the other, each with a session like the agent's: what the broker does not
/// support is found out and left out in the same way, by connecting again.
class BrokerCheck {
  public:
    BrokerCheck(const Config& config, const std::optional<std::string>& password, std::vector<Publication> publications,
                AgentState agent, Announcements& announcements)
        : config_(config),
          password_(password),
          publications_(std::move(publications)),
          agent_(agent),
          announcements_(announcements) {}

    Findings run() {
        loop_.post([this] { next(); });
        const Timer end = loop_.after(kAllLimit, [this] {
            add(Severity::kError, fmt::format("the check of the broker timed out after {} s", kAllLimit.count()));
            loop_.stop();
        });
        client_.run();
        append(findings_, std::move(ofConnection_));
        return std::move(findings_);
    }

  private:
    void add(Severity severity, const std::string& text, const std::string& remedy = "") {
        ofConnection_.push_back({severity, kCheck, fmt::format("{}: {}", toString(server()), text), remedy});
    }
    [[nodiscard]] const ServerAddress& server() const { return config_.mqtt.servers[at_ - 1]; }

    void next() {
        append(findings_, std::exchange(ofConnection_, {}));
        if (at_ == config_.mqtt.servers.size()) return loop_.stop();
        ++at_;
        isAskingMore_ = hasHealth_ = hasCommand_ = false;
        // Not the agent's own id: the broker would end the agent's connection.
        SessionSettings settings{config_.mqtt, config_.device.id + "-doctor", password_.value_or(""),
                                 probe(config_, Retain::kYes), subscribedTopics(config_)};
        settings.mqtt.servers = {server()};
        if (!password_) {
            settings.mqtt.username.clear();
            settings.mqtt.tls.certFile.clear();
            settings.mqtt.tls.keyFile.clear();
            settings.subscriptions.clear();
        }
        client_.open(std::move(settings),
                     {[this](const ConnectionInfo& info) { connected(info.limits); }, [this] { disconnected(); },
                      [this](const InboundMessage& message) { heard(message); },
                      [this](const SessionHealth& health) { failed(health); }});
    }

    void leave() {
        limit_.cancel();
        client_.leave([this] { next(); });
    }

    /// What is found out on a connection is thrown away where the next one goes on with less.
    void disconnected() {
        limit_.cancel();
        // Some brokers end the connection on what they deny; what was asked last is no topic of the agent's.
        if (isAskingMore_) leave();
    }

    void failed(const SessionHealth& health) {
        if (!password_ && health.isLoginRefused) {
            add(Severity::kNote,
                "the broker answers; the login was not tried because the password or key cannot be read");
        } else {
            add(Severity::kError, (health.connects > 0 ? "the connection ended: " : "") + health.lastFailure);
        }
        leave();
    }

    void connected(const BrokerLimits& limits) {
        ofConnection_.clear();
        if (!password_) {
            add(Severity::kNote,
                "connected without a login; login and access list were not tried because the password or key cannot be "
                "read");
            return leave();
        }
        const bool isMqtt5 = limits.protocolVersion == kMqtt5;
        const bool isLimited = limits.packetSize != BrokerLimits::kAnyPacketSize;
        add(Severity::kFine,
            fmt::format("connected with MQTT {}{}{}", isMqtt5 ? "5" : "3.1.1",
                        config_.mqtt.username.empty() ? "" : " as " + config_.mqtt.username,
                        isLimited ? fmt::format(", packets of at most {} bytes", limits.packetSize) : ""));
        checkPacketLimit(limits.packetSize);
        for (const std::string& topic : client_.session().health().deniedTopics) denyReading(topic);
        isPublishingDenied_ = false;
        if (isMqtt5 || config_.topics.base.empty()) return publishNext(0);
        publish(probe(config_, Retain::kYes), [this](Delivery) { tryQos(); });
    }

    /// A broker may end the connection on a retained message: an answer to what comes after it shows that it did not.
    void tryQos() {
        Publication plain = probe(config_, Retain::kNo);
        plain.qos = std::max(plain.qos, static_cast<Qos>(config_.mqtt.qos));
        publish(std::move(plain), [this](Delivery) {
            const bool isAnswered = client_.session().connection()->limits.publishQos != Qos::kAtMostOnce;
            if (isAnswered) return publishNext(0);
            std::vector<std::string> topics = subscribedTopics(config_);
            topics.push_back(probe(config_, Retain::kNo).topic);
            client_.session().subscribe(std::move(topics), [this] { publishNext(0); });
        });
    }

    void checkPacketLimit(std::size_t limit) {
        // The topic, properties and headers of a picture.
        constexpr std::size_t kAround = 1024;
        const auto wanted = static_cast<std::size_t>(config_.image.maxBytes) + kAround;
        if (limit >= wanted || config_.camera.backend == CameraBackend::kNone) return;
        add(Severity::kWarning,
            fmt::format("accepts packets of {} bytes, image.max_bytes is {}: larger pictures are sent smaller", limit,
                        config_.image.maxBytes),
            "raise the broker's limit (mosquitto: max_packet_size), or lower image.max_bytes");
    }

    void publish(Publication publication, DeliveryHandler done) {
        limit_ = loop_.after(kAnswerLimit, [this] {
            add(Severity::kError, fmt::format("no answer to PUBLISH within {} s", kAnswerLimit.count()),
                "check whether the broker is overloaded or packets are lost on the way");
            leave();
        });
        client_.session().publish(std::move(publication), Priority::kLive,
                                  [this, done = std::move(done)](Delivery delivery) {
                                      if (!client_.isLeaving() && client_.session().connection() != nullptr)
                                          done(delivery);
                                  });
    }

    void publishNext(std::size_t index) {
        if (index == publications_.size()) return finishPublishing();
        Publication publication = publications_[index];
        publication.qos = std::max(publication.qos, static_cast<Qos>(config_.mqtt.qos));
        publish(std::move(publication), [this, index](Delivery delivery) {
            if (delivery == Delivery::kDenied) {
                isPublishingDenied_ = true;
                add(Severity::kError,
                    fmt::format("the access list does not let this user write \"{}\"", publications_[index].topic),
                    "allow it; config/mosquitto/tls.acl has every line that a device needs");
            }
            publishNext(index + 1);
        });
    }

    void finishPublishing() {
        const BrokerLimits& limits = client_.session().connection()->limits;
        if (limits.publishQos < static_cast<Qos>(config_.mqtt.qos))
            add(Severity::kWarning, fmt::format("supports QoS {} at most, mqtt.qos is {}",
                                                static_cast<int>(limits.publishQos), config_.mqtt.qos));
        if (!limits.retain)
            add(Severity::kWarning,
                "does not keep retained messages: clients that connect later do not see whether the device is online");
        if (const std::string leftOut = limits.leftOut(); !leftOut.empty())
            add(Severity::kNote, "does not support everything; the agent leaves out: " + leftOut);
        if (limits.protocolVersion != kMqtt5) {
            add(Severity::kNote, "with MQTT 3.1.1 a broker does not tell whether it lets this user write");
        } else if (!isPublishingDenied_ && !publications_.empty()) {
            std::string topics;
            for (const Publication& publication : publications_)
                topics += (topics.empty() ? "" : ", ") + publication.topic;
            add(Severity::kFine, "publishing is allowed: " + topics);
        }
        askMore();
    }

    /// What the broker keeps about this agent and others, where this user may read it.
    void askMore() {
        const std::string& base = config_.topics.base;
        if (base.empty()) return leave();
        std::vector<std::string> topics = subscribedTopics(config_);
        topics.insert(topics.end(), {base + "/health", base + "/status", base + "/info"});
        if (const std::string others = baseOfAnyDevice(config_); others != base)
            topics.insert(topics.end(), {others + "/status", others + "/info"});
        isAskingMore_ = true;
        limit_ = loop_.after(kAnswerLimit, [this] { leave(); });
        client_.session().subscribe(std::move(topics),
                                    [this] { limit_ = loop_.after(kRetainedLimit, [this] { tryReading(); }); });
    }

    /// A broker may grant a subscription and deliver nothing (mosquitto does): only a message shows. A command that
    /// expired long ago would be answered and not carried out, but an agent would log and record it: only where none
    /// runs, and at QoS 0, so that nothing is kept for the one that comes back.
    void tryReading() {
        const bool isAway = agent_ == AgentState::kStopped && announcements_.online.count(config_.device.id) == 0;
        if (!isAway) return leave();
        const std::string topic = config_.topics.base + "/command";
        publish({.topic = topic, .payload = kExpiredCommand, .qos = Qos::kAtMostOnce},
                [this, topic](Delivery delivery) {
                    if (delivery != Delivery::kDelivered) return leave();
                    limit_ = loop_.after(hasCommand_ ? milliseconds{0} : kEchoLimit, [this, topic] {
                        const bool isMqtt5 = client_.session().connection()->limits.protocolVersion == kMqtt5;
                        if (!hasCommand_ && isMqtt5) denyReading(topic);
                        leave();
                    });
                });
    }

    void denyReading(const std::string& topic) {
        add(Severity::kError, fmt::format("the access list does not let this user read \"{}\"", topic),
            "allow it, or commands will not arrive; config/mosquitto/tls.acl has every line that a device needs");
    }

    void heard(const InboundMessage& message) {
        if (message.payload == kExpiredCommand) hasCommand_ = true;
        if (message.retained) announcements_.add(message, config_);
        if (message.topic != config_.topics.base + "/health" || !message.retained || std::exchange(hasHealth_, true))
            return;
        const Json health = Json::parse(message.payload, nullptr, false);
        if (!health.is_object() || !health.value("connection", Json()).is_object()) return;
        const Json denied = health["connection"].value("denied_topics", Json::array());
        for (const Json& topic : denied) {
            if (topic.is_string())
                add(Severity::kError, fmt::format("the agent was denied \"{}\"", printable(topic.get<std::string>())),
                    "allow it in the broker's access list");
        }
    }

    const Config& config_;
    const std::optional<std::string>& password_;
    const std::vector<Publication> publications_;
    const AgentState agent_;
    Announcements& announcements_;
    Findings findings_;      ///< about the servers that are done with
    Findings ofConnection_;  ///< about this one
    ShortClient client_;
    AsioLoop& loop_ = client_.loop();
    std::size_t at_ = 0;  ///< the server that is looked at, from 1
    bool isPublishingDenied_ = false;
    bool isAskingMore_ = false;  ///< the agent's own topics are done with
    bool hasHealth_ = false;
    bool hasCommand_ = false;
    Timer limit_;  ///< of the broker's answer
};

}  // namespace

Findings checkBroker(const Config& config, const std::optional<std::string>& password,
                     std::vector<Publication> publications, AgentState agent, Announcements& announcements) {
    return BrokerCheck(config, password, std::move(publications), agent, announcements).run();
}

}  // namespace edge
