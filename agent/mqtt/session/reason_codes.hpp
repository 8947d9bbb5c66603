// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "mqtt/mqtt_client.hpp"

namespace edge {

// Return codes of MQTT 3.1.1 and reason codes of MQTT 5 (2.4) that decide something; their ranges do not overlap.
inline constexpr int kConnectionEnded = -1;  ///< no code
inline constexpr int kIdentifierRejected = 2;
inline constexpr int kFirstRefusal = 0x80;  ///< the only one of 3.1.1 in a SUBACK
inline constexpr int kImplementationSpecific = 0x83;
inline constexpr int kTopicNameInvalid = 0x90;
inline constexpr int kPacketTooLarge = 0x95;
inline constexpr int kQuotaExceeded = 0x97;
inline constexpr int kRetainNotSupported = 0x9A;
inline constexpr int kQosNotSupported = 0x9B;

/// Of a SUBACK, PUBACK, PUBREC or PUBCOMP.
constexpr bool isRefusal(int code) {
    return code >= kFirstRefusal;
}
/// A refusal that a lower QoS may avoid: the unspecific ones, too.
constexpr bool canBeTheQos(int code) {
    return (code >= kFirstRefusal && code <= kImplementationSpecific) || code == kQosNotSupported;
}

/// What the code of a CONNACK or DISCONNECT means for us. A 3.1.1 broker answers a CONNECT of MQTT 5 with a return code
/// of 3.1.1. `reason` is the broker's Reason String, "" where it sent none.
[[nodiscard]] ConnectionFailure describeRefusal(int code, const std::string& reason);

}  // namespace edge
