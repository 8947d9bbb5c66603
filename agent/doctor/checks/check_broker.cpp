// SPDX-License-Identifier: MIT
#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "core/loop/asio_loop.hpp"
#include "core/loop/worker_pool.hpp"
#include "core/text.hpp"
#include "doctor/checks/checks.hpp"
#include "mqtt/net/resolver.hpp"
#include "mqtt/paho/paho_client.hpp"
#include "mqtt/session/server_list.hpp"
#include "services/commands/command_service.hpp"

namespace edge {
namespace {

using Json = nlohmann::json;

constexpr const char* kCheck = "broker";
constexpr int kMqtt5 = 5;
constexpr int kFirstDenial = 0x80;
constexpr milliseconds kConnectLimit{10000};
constexpr milliseconds kAnswerLimit{5000};
/// For what the broker keeps, and for a message to come back, after it was acknowledged.
constexpr milliseconds kRetainedLimit{500};
constexpr milliseconds kEchoLimit{1000};
constexpr seconds kAllLimit{60};
constexpr const char* kExpiredCommand =
    R"({"command":"status","expires_at":"2000-01-01T00:00:00.000Z","transaction":"doctor"})";
constexpr milliseconds kGoodbyeLimit{500};
/// Resolver and library may both hang on a dead name server.
constexpr seconds kStallLimit = std::chrono::minutes{10};

/// An empty retained message deletes what is retained, and here nothing is. With 3.1.1 nothing but trying shows whether
/// a broker takes a retained message or a retained last will.
Publication retainedProbe(const Config& config) {
    return {.topic = config.topics.base + "/sensor/doctor", .payload = "", .retain = Retain::kYes};
}

/// Never destroyed: a name server may answer after the check has given up.
AsioLoop& lastingLoop() {
    static auto& loops = *new std::deque<AsioLoop>;
    return loops.emplace_back();
}

/// One server after the other, all on a loop of its own, each with the ServerList that the agent uses as well.
class BrokerCheck {
  public:
    BrokerCheck(const Config& config, const std::optional<std::string>& password, std::vector<Publication> publications,
                AgentState agent, Announcements& announcements)
        : config_(config),
          password_(password),
          publications_(std::move(publications)),
          agent_(agent),
          announcements_(announcements),
          resolver_(makeSystemResolver(
              loop_, [this](const std::string& name) { return pool_.makeStrand(name, kStallLimit); })),
          makeClient_(makePahoClientFactory(loop_, pool_.makeStrand("the MQTT library", kStallLimit))) {}

    Findings run() {
        loop_.post([this] { next(); });
        const Timer end = loop_.after(kAllLimit, [this] {
            add(Severity::kError, fmt::format("the check of the broker timed out after {} s", kAllLimit.count()));
            loop_.stop();
        });
        loop_.run();
        client_.reset();
        return std::move(findings_);
    }

  private:
    void add(Severity severity, const std::string& text, const std::string& remedy = "") {
        ofAttempt_.push_back({severity, kCheck, fmt::format("{}: {}", toString(server()), text), remedy});
    }
    [[nodiscard]] const ServerAddress& server() const { return config_.mqtt.servers[at_ - 1]; }

    void next() {
        client_.reset();
        limit_.cancel();
        findings_.insert(findings_.end(), ofAttempt_.begin(), ofAttempt_.end());
        ofAttempt_.clear();
        if (at_ == config_.mqtt.servers.size()) return loop_.stop();
        ++at_;
        MqttConfig alone = config_.mqtt;
        alone.servers = {server()};
        list_.emplace(alone, systemRandom(), !config_.topics.base.empty());
        resolver_->resolve(server().host, [this](const Result<std::vector<std::string>>& addresses) {
            if (!addresses) {
                add(Severity::kError, addresses.error().message);
                return next();
            }
            addresses_ = *addresses;
            connect();
        });
    }

    void connect() {
        limit_.cancel();
        client_.reset();
        ofAttempt_.clear();
        stage_ = Stage::kConnect;
        unproven_ = {};
        acknowledgedQos_ = Qos::kAtMostOnce;
        isAskingMore_ = hasHealth_ = hasCommand_ = false;
        denied_ = 0;
        const ServerList::Plan plan = list_->next(loop_.clock().now());
        ConnectOptions options;
        options.server = server();
        options.resolvedAddress = addresses_.front();
        options.protocolVersion = plan.limits.protocolVersion;
        options.keepAlive = plan.keepAlive;
        if (plan.limits.protocolVersion != kMqtt5 && !config_.topics.base.empty()) {
            options.will = retainedProbe(config_);
            options.will->qos = std::min(options.will->qos, plan.limits.publishQos);
            if (!plan.limits.willRetain) options.will->retain = Retain::kNo;
        }
        // Not the agent's own id: the broker would end the agent's connection.
        options.clientId = config_.device.id + "-doctor";
        options.tls = config_.mqtt.tls;
        if (password_) {
            options.username = config_.mqtt.username;
            options.password = *password_;
        } else {
            options.tls.certFile.clear();
            options.tls.keyFile.clear();
        }
        options.connectTimeout = kConnectLimit;
        options.cleanStart = true;
        options.maximumPacketSize = kMaximumPacketSize;  // somebody may have retained more on a topic of ours
        client_ = makeClient_(options, {[this](const ConnectionInfo& info) { connected(info); },
                                        [this](const ConnectionFailure& failure) { failed(failure); },
                                        [this](const ConnectionFailure& failure) { lost(failure); },
                                        [this](const InboundMessage& message) { heard(message); }});
        client_->connect();
    }

    void failed(const ConnectionFailure& failure) {
        if (adapts(failure)) return loop_.post([this] { connect(); });
        using Kind = ConnectionFailure::Kind;
        if (failure.kind == Kind::kNetwork && addresses_.size() > 1) {
            addresses_.erase(addresses_.begin());
            return loop_.post([this] { connect(); });
        }
        if (!password_ && failure.kind == Kind::kRefusedLogin) {
            add(Severity::kNote,
                "the broker answers; the login was not tried because the password or key cannot be read");
        } else {
            add(Severity::kError, failure.message);
        }
        next();
    }

    /// Whether another attempt can do better, with less.
    bool adapts(const ConnectionFailure& failure) {
        const SteadyTime now = loop_.clock().now();
        const ClockState clock = loop_.clock().wallState();
        if (stage_ != Stage::kOnline) return list_->failed(stage_, failure, now, clock).isAdapted;
        return list_->lost(failure, unproven_, now, clock).isAdapted;
    }

    void lost(const ConnectionFailure& failure) {
        if (adapts(failure)) return loop_.post([this] { connect(); });
        // Some brokers end the connection on what they deny; what was asked last is no topic of the agent's.
        if (!isAskingMore_) add(Severity::kError, "the connection ended: " + failure.message);
        next();
    }

    void connected(const ConnectionInfo& info) {
        info_ = info;
        if (!password_) {
            add(Severity::kNote,
                "connected without a login; login and access list were not tried because the password or key cannot be "
                "read");
            return leave();
        }
        info_.limits.restrictTo(list_->limits());
        const std::size_t packetSize = info_.limits.packetSize;
        const bool isLimited = packetSize != BrokerLimits::kAnyPacketSize;
        add(Severity::kFine, fmt::format("connected with MQTT {}{}{}", isMqtt5() ? "5" : "3.1.1",
                                         config_.mqtt.username.empty() ? "" : " as " + config_.mqtt.username,
                                         isLimited ? fmt::format(", packets of at most {} bytes", packetSize) : ""));
        checkPacketLimit(packetSize);
        stage_ = Stage::kSubscribe;
        subscribe(subscribedTopics(config_), info_.limits.subscribeQos);
    }
    [[nodiscard]] bool isMqtt5() const { return info_.limits.protocolVersion == kMqtt5; }

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

    /// A refusal may be due to the QoS; where a lower one is refused as well, it is the access list.
    void subscribe(const std::vector<std::string>& topics, Qos qos) {
        answerWithin(kAnswerLimit, "SUBSCRIBE");
        client_->subscribe(topics, qos, [this, topics, qos](const std::vector<int>& codes) {
            std::vector<std::string> again;
            for (std::size_t i = 0; i < topics.size() && i < codes.size(); ++i) {
                if (codes[i] < kFirstDenial) {
                    info_.limits.subscribeQos = std::min(info_.limits.subscribeQos, qos);
                } else if (qos == Qos::kAtMostOnce) {
                    denyReading(topics[i]);
                } else {
                    again.push_back(topics[i]);
                }
            }
            if (!again.empty()) return subscribe(again, static_cast<Qos>(static_cast<int>(qos) - 1));
            subscribed();
        });
    }

    void subscribed() {
        list_->learnSubscribeQos(info_.limits.subscribeQos);
        list_->online(info_.limits, loop_.clock().now());
        stage_ = Stage::kOnline;
        if (isMqtt5() || config_.topics.base.empty()) return publishNext(0);
        publish(retainedProbe(config_), [this](int) { publishNext(0); });
    }

    /// Within the broker's limits, as the agent does.
    void publish(Publication publication, MqttClient::PublishHandler done) {
        if (!info_.limits.retain) publication.retain = Retain::kNo;
        publication.qos = std::min(publication.qos, info_.limits.publishQos);
        // At QoS 0 nothing is acknowledged: the connection can end on it while the next one is on its way.
        if (publication.retain == Retain::kYes) unproven_.retained = true;
        unproven_.qos = publication.qos > acknowledgedQos_ ? publication.qos : Qos::kAtMostOnce;
        answerWithin(kAnswerLimit, "PUBLISH");
        client_->publish(std::make_shared<const Publication>(publication),
                         [this, qos = publication.qos, done = std::move(done)](int code) {
                             if (code < 0) return;  // the connection ended, which is reported by itself
                             if (qos != Qos::kAtMostOnce) {
                                 acknowledgedQos_ = std::max(acknowledgedQos_, qos);
                                 unproven_ = {.hasAcknowledged = true};
                             }
                             done(code);
                         });
    }

    void publishNext(std::size_t index) {
        if (index == publications_.size()) return finishPublishing();
        const auto publication = std::make_shared<Publication>(publications_[index]);
        publication->qos = std::max(publication->qos, static_cast<Qos>(config_.mqtt.qos));
        publish(*publication, [this, index, publication](int code) {
            if (code >= kFirstDenial) {
                ++denied_;
                add(Severity::kError,
                    fmt::format("the access list does not let this user write \"{}\" (code {:#04x})",
                                publication->topic, code),
                    "allow it; config/mosquitto/tls.acl has every line that a device needs");
            }
            publishNext(index + 1);
        });
    }

    void finishPublishing() {
        const BrokerLimits& limits = info_.limits;
        if (limits.publishQos < static_cast<Qos>(config_.mqtt.qos))
            add(Severity::kWarning, fmt::format("supports QoS {} at most, mqtt.qos is {}",
                                                static_cast<int>(limits.publishQos), config_.mqtt.qos));
        if (!limits.retain)
            add(Severity::kWarning,
                "does not keep retained messages: clients that connect later do not see whether the device is online");
        if (const std::string leftOut = limits.leftOut(); !leftOut.empty())
            add(Severity::kNote, "does not support everything; the agent leaves out: " + leftOut);
        if (!isMqtt5()) {
            add(Severity::kNote, "with MQTT 3.1.1 a broker does not tell whether it lets this user write");
        } else if (denied_ == 0 && !publications_.empty()) {
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
        std::vector<std::string> topics{base + "/health", base + "/status", base + "/info"};
        if (const std::string others = baseOfAnyDevice(config_); others != base) {
            topics.push_back(others + "/status");
            topics.push_back(others + "/info");
        }
        isAskingMore_ = true;
        limit_ = loop_.after(kAnswerLimit, [this] { next(); });
        const Qos qos = std::min(Qos::kAtLeastOnce, info_.limits.subscribeQos);
        client_->subscribe(topics, qos, [this](const std::vector<int>&) {
            limit_ = loop_.after(kRetainedLimit, [this] { tryReading(); });
        });
    }

    /// A broker may grant a subscription and deliver nothing (mosquitto does): only a message shows. A command that
    /// expired long ago would be answered and not carried out, but an agent would log and record it: only where none
    /// runs, and at QoS 0, so that nothing is kept for the one that comes back.
    void tryReading() {
        const bool isAway = agent_ == AgentState::kStopped && announcements_.online.count(config_.device.id) == 0;
        if (!isAway) return leave();
        auto command = std::make_shared<Publication>();
        command->topic = config_.topics.base + "/command";
        command->payload = kExpiredCommand;
        command->qos = Qos::kAtMostOnce;
        client_->publish(command, [this](int) {
            limit_ = loop_.after(hasCommand_ ? milliseconds{0} : kEchoLimit, [this] {
                if (!hasCommand_ && isMqtt5()) denyReading(config_.topics.base + "/command");
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

    void answerWithin(milliseconds limit, const char* what) {
        limit_ = loop_.after(limit, [this, what] {
            if (stage_ == Stage::kSubscribe && adapts({})) return connect();
            add(Severity::kError,
                fmt::format("no answer to {} within {} s", what,
                            std::chrono::duration_cast<seconds>(kAnswerLimit).count()),
                "check whether the broker is overloaded or packets are lost on the way");
            next();
        });
    }

    void leave() {
        client_->disconnect(kGoodbyeLimit, [this] { loop_.post([this] { next(); }); });
    }

    const Config& config_;
    const std::optional<std::string>& password_;
    std::vector<Publication> publications_;
    AgentState agent_;
    Announcements& announcements_;
    Findings findings_;
    Findings ofAttempt_;  ///< thrown away where the next one goes on with less
    AsioLoop& loop_ = lastingLoop();
    WorkerPool pool_;
    std::unique_ptr<Resolver> resolver_;
    MqttClientFactory makeClient_;
    std::unique_ptr<MqttClient> client_;
    ConnectionInfo info_;
    std::size_t at_ = 0;              ///< the server that is looked at, from 1
    std::optional<ServerList> list_;  ///< of that server alone
    Stage stage_ = Stage::kConnect;
    Unproven unproven_;
    Qos acknowledgedQos_ = Qos::kAtMostOnce;
    std::vector<std::string> addresses_;  ///< of the server, not tried yet
    std::size_t denied_ = 0;
    bool isAskingMore_ = false;  ///< the agent's own topics are done with
    bool hasHealth_ = false;
    bool hasCommand_ = false;
    Timer limit_;
};

}  // namespace

Findings checkBroker(const Config& config, const std::optional<std::string>& password,
                     std::vector<Publication> publications, AgentState agent, Announcements& announcements) {
    return BrokerCheck(config, password, std::move(publications), agent, announcements).run();
}

}  // namespace edge
