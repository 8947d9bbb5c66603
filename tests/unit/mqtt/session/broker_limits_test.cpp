// SPDX-License-Identifier: MIT
#include "mqtt/session/broker_limits.hpp"

#include <gtest/gtest.h>

namespace edge {
namespace {

// The expected sizes are counted by hand from the packets in the standard (3.3).

TEST(PacketSize, CountsTopicPacketIdAndPayload) {
    const Publication publication{.topic = "a/b", .payload = "12345", .qos = Qos::kAtLeastOnce};

    EXPECT_EQ(publishPacketSize(publication, 4), 2u + 2 + 3 + 2 + 5);
}

TEST(PacketSize, LeavesThePacketIdOutAtQos0) {
    const Publication publication{.topic = "a/b", .payload = "12345", .qos = Qos::kAtMostOnce};

    EXPECT_EQ(publishPacketSize(publication, 4), 2u + 2 + 3 + 5);
}

TEST(PacketSize, CountsTheLengthOfNoPropertiesWithMqtt5) {
    const Publication publication{.topic = "t", .payload = "", .qos = Qos::kAtMostOnce};

    EXPECT_EQ(publishPacketSize(publication, 5), 2u + 2 + 1 + 1);
}

TEST(PacketSize, CountsTheExpiry) {
    const Publication publication{.topic = "t", .payload = "x", .qos = Qos::kAtMostOnce, .expiry = seconds{2}};

    EXPECT_EQ(publishPacketSize(publication, 4), 2u + 2 + 1 + 1);
    EXPECT_EQ(publishPacketSize(publication, 5), 2u + 2 + 1 + 1 + (1 + 4) + 1);
}

TEST(PacketSize, CountsPropertiesWithMqtt5Only) {
    const Publication publication{.topic = "t",
                                  .payload = "x",
                                  .qos = Qos::kAtMostOnce,
                                  .contentType = "image/jpeg",
                                  .userProperties = {{"id", "7"}},
                                  .responseTopic = "a/b",
                                  .correlationData = std::string("\0\1", 2)};

    EXPECT_EQ(publishPacketSize(publication, 4), 2u + 2 + 1 + 1);
    EXPECT_EQ(publishPacketSize(publication, 5),
              2u + 2 + 1 + 1 + (1 + 2 + 10) + (1 + 2 + 2 + 2 + 1) + (1 + 2 + 3) + (1 + 2 + 2) + 1);
}

TEST(PacketSize, GrowsTheLengthFieldWithThePacket) {
    const auto sizeOf = [](std::size_t bytes) {
        return publishPacketSize({.topic = "t", .payload = std::string(bytes, 'x'), .qos = Qos::kAtMostOnce}, 4);
    };

    EXPECT_EQ(sizeOf(124), 1u + 1 + 3 + 124);
    EXPECT_EQ(sizeOf(125), 1u + 2 + 3 + 125);
    EXPECT_EQ(sizeOf(16380), 1u + 2 + 3 + 16380);
    EXPECT_EQ(sizeOf(16381), 1u + 3 + 3 + 16381);
}

TEST(PacketSize, OverheadCoversAPictureWithEverythingItCarries) {
    const Publication picture{.topic = "site/7/jpeg",
                              .payload = std::string(1'000'000, 'x'),
                              .contentType = "image/jpeg",
                              .userProperties = {{"id", std::string(40, 'i')},
                                                 {"time", "2026-11-20T09:30:00.123Z"},
                                                 {"transaction", std::string(128, 't')}}};

    EXPECT_GE(packetOverhead(picture.topic), publishPacketSize(picture, 5) - picture.payload.size());
}

}  // namespace
}  // namespace edge
