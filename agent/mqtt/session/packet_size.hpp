// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "mqtt/message.hpp"

namespace edge {

/// The bytes of the PUBLISH packet as the broker counts them against its Maximum Packet Size. `protocolVersion`: 5
/// or 4.
[[nodiscard]] std::size_t publishPacketSize(const Publication& publication, int protocolVersion);

/// How much of a packet a picture on this topic can lose to everything that is not payload.
[[nodiscard]] std::size_t packetOverhead(const std::string& topic);

}  // namespace edge
