// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/time/time.hpp"

namespace edge {

enum class Qos : std::uint8_t { kAtMostOnce = 0, kAtLeastOnce = 1, kExactlyOnce = 2 };
enum class Retain : bool { kNo, kYes };

/// What arrived on a subscribed topic.
struct InboundMessage {
    std::string topic;
    std::string payload;
    Qos qos = Qos::kAtMostOnce;
    bool retained = false;
    std::optional<std::string> responseTopic{};    ///< MQTT 5 only
    std::optional<std::string> correlationData{};  ///< MQTT 5 only, any bytes
    std::vector<std::pair<std::string, std::string>> userProperties{};
};

/// All that came with it.
[[nodiscard]] inline std::size_t bytesOf(const InboundMessage& message) {
    std::size_t bytes = message.topic.size() + message.payload.size();
    if (message.responseTopic) bytes += message.responseTopic->size();
    if (message.correlationData) bytes += message.correlationData->size();
    for (const auto& [name, value] : message.userProperties) bytes += name.size() + value.size();
    return bytes;
}

/// What is to be published.
struct Publication {
    std::string topic;
    std::string payload;
    Qos qos = Qos::kAtLeastOnce;
    Retain retain = Retain::kNo;
    // The rest is sent with MQTT 5 and silently left out with 3.1.1.
    std::string contentType{};
    std::vector<std::pair<std::string, std::string>> userProperties{};
    std::optional<std::string> responseTopic{};
    std::optional<std::string> correlationData{};
    std::optional<seconds> expiry{};  ///< the broker delivers it no later than this after it came
};

/// How a publication ended.
enum class Delivery {
    kDelivered,  ///< PUBACK or PUBCOMP with success; at QoS 0: handed to the network
    kDenied,     ///< the broker refused it (reason ≥ 0x80), or refused this topic before in this session
    kLost,       ///< not connected, or the connection ended before the acknowledgement: may or may not have arrived
    kTooLarge,   ///< over the broker's Maximum Packet Size; not sent
};
using DeliveryHandler = std::function<void(Delivery)>;

/// What goes first when more waits than the window allows; replies and live readings take turns.
enum class Priority {
    kReply,    ///< replies and retained states; a reply is kept over a broken connection and sent again
    kLive,     ///< live readings
    kImage,    ///< pictures and their descriptions
    kBacklog,  ///< readings of the past, and frames of live view: only when nothing else waits
};

}  // namespace edge
