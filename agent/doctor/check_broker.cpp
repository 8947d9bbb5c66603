// SPDX-License-Identifier: MIT
#include <memory>
#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "core/asio_loop.hpp"
#include "core/text.hpp"
#include "core/worker_pool.hpp"
#include "doctor/checks.hpp"
#include "mqtt/paho_client.hpp"
#include "mqtt/resolver.hpp"
#include "services/command_service.hpp"
#include "services/discovery.hpp"

namespace edge {
namespace {

using Json = nlohmann::json;

constexpr const char* kCheck = "broker";
constexpr int kMqtt5 = 5;
constexpr int kMqtt311 = 4;
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

/// One server after the other, all on a loop of its own.
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
            add(Severity::kError,
                fmt::format("the broker is not checked to the end: it takes longer than {} s", kAllLimit.count()));
            loop_.stop();
        });
        loop_.run();
        client_.reset();
        return std::move(findings_);
    }

  private:
    void add(Severity severity, const std::string& text, const std::string& remedy = "") {
        findings_.push_back({severity, kCheck, fmt::format("{}: {}", toString(server()), text), remedy});
    }
    [[nodiscard]] const ServerAddress& server() const { return config_.mqtt.servers[at_ - 1]; }

    void next() {
        client_.reset();
        limit_.cancel();
        isAskingMore_ = hasHealth_ = hasCommand_ = false;
        denied_ = 0;
        if (at_ == config_.mqtt.servers.size()) return loop_.stop();
        ++at_;
        version_ = config_.mqtt.protocol == Protocol::kV311 ? kMqtt311 : kMqtt5;
        resolver_->resolve(server().host, server().port, [this](const Result<std::vector<std::string>>& addresses) {
            if (!addresses) {
                add(Severity::kError, addresses.error().message);
                return next();
            }
            address_ = addresses->front();
            connect();
        });
    }

    void connect() {
        ConnectOptions options;
        options.server = server();
        options.resolvedAddress = address_;
        options.protocolVersion = version_;
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
        client_ = makeClient_(options, {[this](const ConnectionInfo& info) { connected(info); },
                                        [this](const ConnectionFailure& failure) { failed(failure); },
                                        [this](const ConnectionFailure& failure) { lost(failure); },
                                        [this](const InboundMessage& message) { heard(message); }});
        client_->connect();
    }

    void failed(const ConnectionFailure& failure) {
        using Kind = ConnectionFailure::Kind;
        const bool mayBeOld = failure.kind == Kind::kClosedOnConnect || failure.kind == Kind::kProtocolUnsupported;
        if (mayBeOld && version_ == kMqtt5 && config_.mqtt.protocol == Protocol::kAuto) {
            version_ = kMqtt311;
            return loop_.post([this] { connect(); });
        }
        if (!password_ && failure.kind == Kind::kRefusedLogin) {
            add(Severity::kNote, "a broker answers; the login is not tried, as the password or key cannot be read");
        } else {
            add(Severity::kError, failure.message);
        }
        next();
    }

    void lost(const ConnectionFailure& failure) {
        // Some brokers end the connection on what they deny; what was asked last is no topic of the agent's.
        if (!isAskingMore_) add(Severity::kError, "the connection ended: " + failure.message);
        next();
    }

    void connected(const ConnectionInfo& info) {
        info_ = info;
        if (!password_) {
            add(Severity::kNote,
                "connected without a login; the configured one and its access list are not tried, as the password or "
                "key "
                "cannot be read");
            return leave();
        }
        const bool isLimited = info.maximumPacketSize > 0;
        add(Severity::kFine,
            fmt::format("connected with MQTT {}{}{}", info.protocolVersion == kMqtt5 ? "5" : "3.1.1",
                        config_.mqtt.username.empty() ? "" : " as " + config_.mqtt.username,
                        isLimited ? fmt::format(", packets of at most {} bytes", info.maximumPacketSize) : ""));
        checkPacketLimit(info.maximumPacketSize);
        if (info.maximumQos < static_cast<Qos>(config_.mqtt.qos))
            add(Severity::kWarning, fmt::format("takes QoS {} at most, mqtt.qos is {}",
                                                static_cast<int>(info.maximumQos), config_.mqtt.qos));
        if (!info.retainAvailable)
            add(Severity::kWarning,
                "keeps no retained messages: who comes later does not see whether the device is online");
        subscribe();
    }

    void checkPacketLimit(std::uint32_t limit) {
        // The topic, properties and headers of a picture.
        constexpr std::uint32_t kAround = 1024;
        const auto wanted = static_cast<std::uint64_t>(config_.image.maxBytes) + kAround;
        if (limit == 0 || limit >= wanted || config_.camera.backend == CameraBackend::kNone) return;
        add(Severity::kWarning,
            fmt::format("takes packets of {} bytes, image.max_bytes is {}: larger pictures will be made smaller", limit,
                        config_.image.maxBytes),
            "raise the broker's limit (mosquitto: max_packet_size), or lower image.max_bytes");
    }

    void subscribe() {
        auto topics = Discovery::withSubscription(CommandService::subscriptions(config_), config_);
        answerWithin(kAnswerLimit, "SUBSCRIBE");
        client_->subscribe(topics, Qos::kExactlyOnce, [this, topics](const std::vector<int>& codes) {
            for (std::size_t i = 0; i < topics.size() && i < codes.size(); ++i) {
                if (codes[i] >= kFirstDenial) denyReading(topics[i]);
            }
            publishNext(0);
        });
    }

    void publishNext(std::size_t index) {
        if (index == publications_.size()) return finishPublishing();
        answerWithin(kAnswerLimit, "PUBLISH");
        const auto publication = std::make_shared<Publication>(publications_[index]);
        client_->publish(publication, [this, index, publication](int code) {
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
        if (info_.protocolVersion != kMqtt5) {
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
        if (const std::string others = everyBase(); others != base) {
            topics.push_back(others + "/status");
            topics.push_back(others + "/info");
        }
        isAskingMore_ = true;
        limit_ = loop_.after(kAnswerLimit, [this] { next(); });
        client_->subscribe(topics, Qos::kAtLeastOnce, [this](const std::vector<int>&) {
            limit_ = loop_.after(kRetainedLimit, [this] { tryReading(); });
        });
    }

    /// topics.base with a wildcard for the device.id: "edge/+".
    [[nodiscard]] std::string everyBase() const {
        std::string every = '/' + config_.topics.base + '/';
        const std::string own = '/' + config_.device.id + '/';
        if (const std::size_t at = every.find(own); at != std::string::npos) every.replace(at, own.size(), "/+/");
        return every.substr(1, every.size() - 2);
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
                if (!hasCommand_ && info_.protocolVersion == kMqtt5) denyReading(config_.topics.base + "/command");
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
        if (message.retained) remember(message);
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

    void remember(const InboundMessage& message) {
        const std::size_t slash = message.topic.rfind('/');
        const std::string leaf = slash == std::string::npos ? "" : message.topic.substr(slash + 1);
        const std::string id = idIn(message.topic.substr(0, slash));
        if (id.empty()) return;
        if (leaf == "status" && message.payload == "online") announcements_.online.insert(id);
        if (leaf == "info") announcements_.info[id] = message.payload;
    }

    /// The device.id in another agent's topics.base; "" where it is not one like ours.
    [[nodiscard]] std::string idIn(const std::string& base) const {
        if (base == config_.topics.base) return config_.device.id;
        const std::string every = everyBase();
        const std::size_t at = every.find('+');
        if (at == std::string::npos || base.size() < every.size()) return "";
        const std::string tail = every.substr(at + 1);
        const std::string id = base.substr(at, base.size() - at - tail.size());
        return base.substr(0, at) == every.substr(0, at) && base.ends_with(tail) ? id : "";
    }

    void answerWithin(milliseconds limit, const char* what) {
        limit_ = loop_.after(limit, [this, what] {
            add(Severity::kError,
                fmt::format("no answer to {} within {} s", what,
                            std::chrono::duration_cast<seconds>(kAnswerLimit).count()),
                "is the broker overloaded, or something on the way that drops packets?");
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
    AsioLoop loop_;
    WorkerPool pool_;
    std::unique_ptr<Resolver> resolver_;
    MqttClientFactory makeClient_;
    std::unique_ptr<MqttClient> client_;
    ConnectionInfo info_;
    std::size_t at_ = 0;  ///< the server that is looked at, from 1
    int version_ = kMqtt5;
    std::string address_;
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
