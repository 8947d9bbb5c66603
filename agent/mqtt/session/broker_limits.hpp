// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <limits>
#include <string>

#include "core/time/time.hpp"
#include "mqtt/message.hpp"

namespace edge {

/// What a broker takes. The defaults are all that MQTT has. Less is announced in its CONNACK (MQTT 5), or concluded
/// from what it refused and when it closed the connection.
struct BrokerLimits {
    static constexpr std::size_t kAnyPacketSize = std::numeric_limits<std::size_t>::max();

    int protocolVersion = 5;                  ///< 5, or 4 for MQTT 3.1.1
    Qos subscribeQos = Qos::kExactlyOnce;     ///< the highest of a SUBSCRIBE
    Qos publishQos = Qos::kExactlyOnce;       ///< the highest of a PUBLISH and of the last will
    bool retain = true;                       ///< retained publications
    bool willRetain = true;                   ///< a retained last will
    milliseconds keepAlive{0};                ///< the longest; 0 = any
    std::size_t packetSize = kAnyPacketSize;  ///< bytes of a whole packet

    bool operator==(const BrokerLimits&) const = default;

    /// Lowers each value to the other's where that is lower.
    void restrictTo(const BrokerLimits& other);
    /// What is left out because of them, for a person: "retained messages, QoS above 0"; "" = nothing. Without the
    /// protocol version.
    [[nodiscard]] std::string leftOut() const;
};

/// The bytes of the PUBLISH packet as the broker counts them against its Maximum Packet Size. `protocolVersion`: 5
/// or 4.
[[nodiscard]] std::size_t publishPacketSize(const Publication& publication, int protocolVersion);

/// The most bytes of a packet with a picture on this topic that are not payload.
[[nodiscard]] std::size_t packetOverhead(const std::string& topic);

}  // namespace edge
