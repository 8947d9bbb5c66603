// SPDX-License-Identifier: MIT
#include <string>

#include <gtest/gtest.h>

#include "config/schema/types.hpp"
#include "unit/config/reading.hpp"

namespace edge {
namespace {

std::string roundTrip(std::string_view text) {
    const auto address = parseServerAddress(text);
    return address ? toString(*address) : "refused: " + address.error().message;
}

TEST(ServerAddress, FillsInThePortOfItsScheme) {
    EXPECT_EQ(roundTrip("mqtt://broker"), "mqtt://broker:1883");
    EXPECT_EQ(roundTrip("mqtts://broker"), "mqtts://broker:8883");
    EXPECT_EQ(roundTrip("ws://broker"), "ws://broker:80");
    EXPECT_EQ(roundTrip("wss://broker"), "wss://broker:443");
    EXPECT_EQ(roundTrip("MQTTS://broker:1"), "mqtts://broker:1");
}

TEST(ServerAddress, TakesNamesAndBothKindsOfAddress) {
    const auto address = parseServerAddress("mqtts://[2001:db8::1]:8884");
    ASSERT_TRUE(address);
    EXPECT_EQ(*address, (ServerAddress{Scheme::kMqtts, "2001:db8::1", 8884, ""}));
    EXPECT_EQ(roundTrip("mqtt://[::1]"), "mqtt://[::1]:1883");
    EXPECT_EQ(roundTrip("mqtt://[fe80::1%eth0]:1883"), "mqtt://[fe80::1%eth0]:1883");
    EXPECT_EQ(roundTrip("mqtt://192.168.1.7:65535"), "mqtt://192.168.1.7:65535");
    EXPECT_EQ(roundTrip("mqtt://my_broker.fritz.box."), "mqtt://my_broker.fritz.box.:1883");
}

TEST(ServerAddress, KeepsThePathOfAWebsocket) {
    EXPECT_EQ(roundTrip("wss://broker/mqtt"), "wss://broker:443/mqtt");
    EXPECT_EQ(roundTrip("ws://[::1]:9001/a/b?token=c"), "ws://[::1]:9001/a/b?token=c");
    EXPECT_EQ(roundTrip("mqtt://broker/"), "mqtt://broker:1883");
}

TEST(ServerAddress, RefusesInvalidAddresses) {
    for (const char* text : {"",
                             "broker",
                             "broker:1883",
                             "tcp://broker",
                             "mqtt:/broker",
                             "mqtt://",
                             "mqtt://:1883",
                             "mqtt://broker:",
                             "mqtt://broker:0",
                             "mqtt://broker:65536",
                             "mqtt://broker:-1",
                             "mqtt://broker:1x",
                             "mqtt://broker:1:2",
                             "mqtt://bro ker",
                             "mqtt://-.x..y",
                             "mqtt://10.0.0.256",
                             "mqtt://::1",
                             "mqtt://[::1",
                             "mqtt://[::g]",
                             "mqtt://[]",
                             "mqtt://[1.2.3.4]",
                             "mqtt://[::1]1883",
                             "mqtt://[fe80::1%]",
                             "mqtt://[fe80::1%a/b]",
                             "mqtt://broker/path",
                             "mqtts://broker?x",
                             "ws://broker?x",
                             "ws://broker/ö",
                             "ws://broker/a b",
                             "mqtt://brökér",
                             "mqtt://broker\n",
                             "http://broker",
                             "mqtt://a,mqtt://b"}) {
        EXPECT_FALSE(parseServerAddress(text)) << text;
    }
    EXPECT_FALSE(parseServerAddress(std::string_view("mqtt://1.2.3.4\0x", 16)));
    EXPECT_FALSE(parseServerAddress(std::string_view("mqtt://[::1\0x]", 14)));
    EXPECT_FALSE(parseServerAddress("mqtt://" + std::string(64, 'a')));
    EXPECT_TRUE(parseServerAddress("mqtt://" + std::string(63, 'a')));
}

TEST(ServerAddress, NeverRepeatsAPassword) {
    const std::string told = errorsOf("[mqtt]\nservers = [\n  \"mqtt://a\",\n  \"mqtt://me:hunter2@broker\",\n]\n");

    EXPECT_TRUE(told.starts_with("agent.toml:4: mqtt.servers: address 2 ")) << told;
    EXPECT_FALSE(contains(told, "hunter2"));
}

TEST(ServerAddress, MayNotBeListedTwice) {
    EXPECT_TRUE(
        contains(errorsOf("[mqtt]\nservers = [\"mqtt://a\", \"mqtt://a:1883\"]\n"), ":2: mqtt.servers: address 2 "));
    EXPECT_EQ(errorsOf("[mqtt]\nservers = [\"mqtt://a\", \"mqtts://a\"]\n"), "");
    const std::string both = errorsOf("[mqtt]\nservers = [\n1,\n\"mqtt://a\",\n\"mqtt://\"]\n");
    EXPECT_TRUE(both.starts_with("agent.toml:3: mqtt.servers: address 1 ")) << both;
    EXPECT_TRUE(contains(both, "\nagent.toml:5: mqtt.servers: address 3 ")) << both;
}

}  // namespace
}  // namespace edge
