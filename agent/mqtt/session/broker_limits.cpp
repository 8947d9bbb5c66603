// SPDX-License-Identifier: MIT
#include "mqtt/session/broker_limits.hpp"

#include <algorithm>

#include <fmt/core.h>

namespace edge {

void BrokerLimits::restrictTo(const BrokerLimits& other) {
    protocolVersion = std::min(protocolVersion, other.protocolVersion);
    subscribeQos = std::min(subscribeQos, other.subscribeQos);
    publishQos = std::min(publishQos, other.publishQos);
    retain = retain && other.retain;
    willRetain = willRetain && other.willRetain;
    const bool isShorter = other.keepAlive.count() > 0 && (keepAlive.count() == 0 || other.keepAlive < keepAlive);
    if (isShorter) keepAlive = other.keepAlive;
    packetSize = std::min(packetSize, other.packetSize);
}

std::string BrokerLimits::leftOut() const {
    std::string text;
    const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
    if (!retain) add("retained messages");
    if (!willRetain) add("retained last will");
    if (publishQos != Qos::kExactlyOnce) add(fmt::format("QoS above {}", static_cast<int>(publishQos)));
    if (subscribeQos < publishQos) add(fmt::format("subscriptions above QoS {}", static_cast<int>(subscribeQos)));
    if (keepAlive.count() > 0) add(fmt::format("keep-alive above {}", formatDuration(keepAlive)));
    if (packetSize != kAnyPacketSize) add(fmt::format("packets above {} bytes", packetSize));
    return text;
}

}  // namespace edge
