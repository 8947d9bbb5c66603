// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "mqtt/message.hpp"
#include "mqtt/publisher.hpp"
#include "mqtt/settings.hpp"

namespace edge {

/// A command has at most 64 KiB of payload; topic, response topic and correlation data come on top.
constexpr std::uint32_t kMaximumPacketSize = (64 + 1) * 1024;

/// Everything one connection attempt needs. Addresses are resolved before (name resolution can block for half a
/// minute).
struct ConnectOptions {
    ServerAddress server;
    /// The numeric address of it that is connected to, with its zone where it has one ("fe80::1%eth0").
    std::string resolvedAddress;
    int protocolVersion = 5;  ///< 5 or 4
    std::string clientId;
    std::string username;
    std::string password;
    TlsConfig tls;
    milliseconds keepAlive{20000};
    milliseconds connectTimeout{10000};
    bool cleanStart = false;
    milliseconds sessionExpiry{0};  ///< MQTT 5
    /// 0 = none. With MQTT 5 announced to the broker; of what is longer all the same only the beginning is taken.
    std::uint32_t maximumPacketSize = 0;
    std::optional<Publication> will;
};

/// Why a connection could not be made, or ended.
struct ConnectionFailure {
    enum class Kind {
        kNetwork,              ///< refused, reset, timed out, name not found
        kTls,                  ///< certificate or handshake
        kTlsNotYetValid,       ///< the certificate is from the future: our clock may be wrong
        kClosedOnConnect,      ///< closed by the broker after CONNECT, unanswered: an old one does that on MQTT 5
        kProtocolUnsupported,  ///< the broker does not speak this MQTT version
        kRefusedLogin,         ///< user name, password, or not authorised
        kTakenOver,            ///< another client uses our id (0x8E)
        kPacketTooLarge,       ///< 0x95
        kServer,               ///< any other reason code
    };
    Kind kind = Kind::kNetwork;
    int reasonCode = -1;  ///< MQTT reason or return code, -1 where there is none
    std::string message;  ///< one sentence for a person: what happened and what to do
};

/// One connection to a broker, from CONNECT to its end; used once and thrown away. The port behind which Paho is
/// hidden. Thread: the loop's. Every callback comes on the loop, never inside a call, and none after destruction; it
/// may destroy the client, which its arguments outlive. Nothing here blocks, the destructor included.
class MqttClient {
  public:
    struct Handlers {
        std::function<void(const ConnectionInfo&)> connected;
        std::function<void(const ConnectionFailure&)>
            failed;  ///< instead of connected, at the latest after connectTimeout
        std::function<void(const ConnectionFailure&)> lost;  ///< after connected, once
        std::function<void(InboundMessage)> message;
    };
    /// One code a topic: 0 = granted, ≥ 0x80 = refused. Not called when the connection ends before.
    using SubscribeHandler = std::function<void(const std::vector<int>& reasonCodes)>;
    /// `reasonCode` of the PUBACK, PUBREC or PUBCOMP: < 0x80 delivered, ≥ 0x80 denied; -1 = the connection ended
    /// before. Not always called when `lost` comes first.
    using PublishHandler = std::function<void(int reasonCode)>;

    virtual ~MqttClient() = default;
    virtual void connect() = 0;
    virtual void subscribe(std::vector<std::string> topics, Qos qos, SubscribeHandler done) = 0;
    virtual void publish(std::shared_ptr<const Publication> publication, PublishHandler done) = 0;
    /// When the line last took more of what has to wait for it, or brought more of what is too long to be taken; min()
    /// where neither was. A picture that is on its way for a minute is acknowledged after that.
    [[nodiscard]] virtual SteadyTime lastProgress() const = 0;
    /// Bytes that were written to the connection and have not reached the other machine, as far as its TCP has
    /// acknowledged; 0 where the system does not say.
    [[nodiscard]] virtual std::size_t unacknowledgedBytes() const = 0;
    /// Clean DISCONNECT; `done` when it was written or after `limit`.
    virtual void disconnect(milliseconds limit, std::function<void()> done) = 0;
};

using MqttClientFactory = std::function<std::unique_ptr<MqttClient>(const ConnectOptions&, MqttClient::Handlers)>;

}  // namespace edge
