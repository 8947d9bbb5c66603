// SPDX-License-Identifier: MIT
#include "mqtt/session/broker_limits.hpp"

#include <algorithm>

#include <fmt/core.h>

namespace edge {

namespace {

std::size_t variableIntegerSize(std::size_t value) {
    std::size_t bytes = 1;
    while (value >= 128) {
        value /= 128;
        ++bytes;
    }
    return bytes;
}

constexpr std::size_t kIdentifier = 1;    // of a property
constexpr std::size_t kLengthPrefix = 2;  // of a string or binary data
constexpr std::size_t kPacketId = 2;
constexpr std::size_t kFourByteInteger = 4;

std::size_t propertiesSize(const Publication& publication) {
    std::size_t size = 0;
    if (!publication.contentType.empty()) size += kIdentifier + kLengthPrefix + publication.contentType.size();
    if (publication.responseTopic) size += kIdentifier + kLengthPrefix + publication.responseTopic->size();
    if (publication.correlationData) size += kIdentifier + kLengthPrefix + publication.correlationData->size();
    if (publication.expiry) size += kIdentifier + kFourByteInteger;
    for (const auto& [name, value] : publication.userProperties) {
        size += kIdentifier + kLengthPrefix + name.size() + kLengthPrefix + value.size();
    }
    return size;
}

}  // namespace

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

std::size_t publishPacketSize(const Publication& publication, int protocolVersion) {
    std::size_t remaining = kLengthPrefix + publication.topic.size() + publication.payload.size();
    if (publication.qos != Qos::kAtMostOnce) remaining += kPacketId;
    if (protocolVersion >= 5) {
        const std::size_t properties = propertiesSize(publication);
        remaining += variableIntegerSize(properties) + properties;
    }
    return 1 + variableIntegerSize(remaining) + remaining;
}

std::size_t packetOverhead(const std::string& topic) {
    constexpr std::size_t kFixedHeader = 5;
    constexpr std::size_t kProperties = 512;  // content type, id, time, and a transaction of at most 128 bytes
    return kFixedHeader + kLengthPrefix + topic.size() + kPacketId + kProperties;
}

}  // namespace edge
