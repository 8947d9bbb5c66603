// SPDX-License-Identifier: MIT
#include <string>

#include <gtest/gtest.h>

#include "unit/config/reading.hpp"

namespace edge {
namespace {

TEST(KeysTogether, ReconnectMinMustNotBeLongerThanReconnectMax) {
    EXPECT_EQ(errorsOf("[mqtt]\nreconnect_max = \"2s\"\nreconnect_min = \"3s\"\n"),
              "agent.toml:3: mqtt.reconnect_min: reconnect_min = \"3s\" is longer than reconnect_max = \"2s\"; "
              "allowed: at most that");
    EXPECT_EQ(errorsOf("[mqtt]\nreconnect_max = \"500ms\"\n"),
              "agent.toml:2: mqtt.reconnect_max: reconnect_min = \"1s\" is longer than reconnect_max = \"500ms\"; "
              "allowed: at most that");
    EXPECT_EQ(errorsOf("[mqtt]\nreconnect_max = \"2s\"\nreconnect_min = \"2s\"\n"), "");
}

TEST(KeysTogether, ACertificateNeedsItsKeyAndTheOtherWayRound) {
    EXPECT_EQ(
        errorsOf("[mqtt.tls]\ncert_file = \"/a\"\n"),
        "agent.toml:2: mqtt.tls.cert_file: is set without key_file; allowed: both for a client certificate, or none");
    EXPECT_EQ(
        errorsOf("[mqtt.tls]\n\nkey_file = \"/a\"\n"),
        "agent.toml:3: mqtt.tls.key_file: is set without cert_file; allowed: both for a client certificate, or none");
}

TEST(KeysTogether, APasswordAloneIsNotForMqtt311) {
    EXPECT_TRUE(contains(errorsOf("[mqtt]\nprotocol = \"3.1.1\"\npassword_file = \"/pw\"\n"),
                         "agent.toml:3: mqtt.password_file: "));
    EXPECT_EQ(errorsOf("[mqtt]\npassword_file = \"/pw\"\n"), "");
}

TEST(KeysTogether, HomeAssistantNeedsTheDevicesOwnTopics) {
    EXPECT_TRUE(contains(errorsOf("[topics]\nbase = \"\"\n[home_assistant]\nenabled = true\n"),
                         "agent.toml:4: home_assistant.enabled: "));
}

TEST(KeysTogether, ReplayNeedsADirectory) {
    EXPECT_TRUE(contains(errorsOf("\n[camera]\nbackend = \"replay\"\n"),
                         "agent.toml:2: camera.device: is empty; allowed: the absolute path"));
    EXPECT_TRUE(contains(errorsOf("[camera]\nbackend = \"replay\"\ndevice = \"\"\n"), "agent.toml:3: camera.device: "));
}

TEST(KeysTogether, AFileSensorNeedsAPath) {
    EXPECT_TRUE(contains(errorsOf("[[sensor]]\n[[sensor]]\nname = \"b\"\ntype = \"file\"\n"),
                         "agent.toml:2: sensor.device: is empty; allowed: the absolute path of the file"));
    EXPECT_TRUE(contains(errorsOf("[[sensor]]\ndevice = \"../../etc\"\n"), "agent.toml:2: sensor.device: has a '/'"));
}

TEST(KeysTogether, MinMustBeBelowMax) {
    EXPECT_EQ(errorsOf("[[sensor]]\nmin = 20\nmax = 20.0\n"),
              "agent.toml:2: sensor.min: min = 20 is not below max = 20; allowed: min < max");
    EXPECT_TRUE(contains(errorsOf("[[sensor]]\nmax = -60\n"), "agent.toml:2: sensor.max: "));
}

TEST(KeysTogether, TheLimitsAreThoseOfTheQuantity) {
    EXPECT_EQ(errorsOf("[[sensor]]\ntype = \"iio\"\nquantity = \"pressure\"\nmin = 900\n"), "");
    EXPECT_TRUE(contains(errorsOf("[[sensor]]\ntype = \"iio\"\nquantity = \"humidity\"\nmin = 100\n"),
                         "agent.toml:4: sensor.min: "));
    EXPECT_EQ(errorsOf("[[sensor]]\ntype = \"file\"\ndevice = \"/a\"\nquantity = \"number\"\nmin = 2000\n"), "");
}

TEST(KeysTogether, AThermometerMeasuresTemperatureOnly) {
    EXPECT_TRUE(contains(errorsOf("[[sensor]]\nquantity = \"humidity\"\n"), "agent.toml:2: sensor.quantity: "));
    EXPECT_TRUE(
        contains(errorsOf("[[sensor]]\ntype = \"thermal\"\nquantity = \"fan\"\n"), "agent.toml:3: sensor.quantity: "));
}

TEST(KeysTogether, ChannelsAreForDevicesThatHaveThem) {
    EXPECT_TRUE(contains(errorsOf("[[sensor]]\nchannel = \"voltage0\"\n"), "agent.toml:2: sensor.channel: "));
    EXPECT_EQ(errorsOf("[[sensor]]\ntype = \"iio\"\nquantity = \"voltage\"\nchannel = \"voltage0\"\n"), "");
}

TEST(KeysTogether, ANumberNeedsItsChannelAndMayHaveAUnit) {
    EXPECT_TRUE(
        contains(errorsOf("[[sensor]]\ntype = \"iio\"\nquantity = \"number\"\n"), "agent.toml:3: sensor.quantity: "));
    EXPECT_EQ(errorsOf("[[sensor]]\ntype = \"iio\"\nquantity = \"number\"\nchannel = \"voltage0\"\nunit = \"g\"\n"),
              "");
    EXPECT_TRUE(contains(errorsOf("[[sensor]]\nunit = \"F\"\n"), "agent.toml:2: sensor.unit: "));
}

TEST(KeysTogether, NamesAreTakenOnce) {
    EXPECT_EQ(errorsOf("[[sensor]]\nname = \"a\"\n[[sensor]]\nname = \"a\"\n"),
              "agent.toml:4: sensor.name: \"a\" is already used in line 2; allowed: each name once");
    EXPECT_EQ(errorsOf("[[sensor]]\n[[sensor]]\n"),
              "agent.toml:2: sensor.name: \"room\" is already used in line 1; allowed: each name once");
    EXPECT_EQ(errorsOf("[[gpio.output]]\nname = \"a\"\n[[gpio.input]]\nname = \"a\"\n"),
              "agent.toml:4: gpio.input.name: \"a\" is already used in line 2; allowed: each name once");
    EXPECT_EQ(errorsOf("[[gpio.output]]\nname = \"a\"\n[[sensor]]\nname = \"a\"\n"), "");
}

TEST(KeysTogether, AGpioLineIsUsedOnce) {
    const std::string output = "[[gpio.output]]\nname = \"a\"\nline = 5\n";
    const std::string wanted = ".line: \"GPIO5\" is already used in line 3; allowed: each GPIO line once";

    EXPECT_EQ(errorsOf(output + "[[gpio.output]]\nname = \"b\"\nline = 5\n"), "agent.toml:6: gpio.output" + wanted);
    EXPECT_EQ(errorsOf(output + "[[gpio.input]]\nname = \"b\"\nline = 5\n"), "agent.toml:6: gpio.input" + wanted);
    EXPECT_EQ(errorsOf(output + "[[gpio.input]]\nname = \"b\"\nline = \"GPIO5\"\n"),
              "agent.toml:6: gpio.input" + wanted);
    EXPECT_EQ(errorsOf(output + "[[gpio.input]]\nname = \"b\"\nline = 5\nchip = \"other\"\n"), "");
}

TEST(KeysTogether, AreNotCheckedForAKeyThatHasAnError) {
    EXPECT_EQ(errorsOf("[[sensor]]\nmin = \"x\"\nmax = -60\n"),
              "agent.toml:2: sensor.min: \"x\" is not allowed; allowed: a number from -1000000000 to 1000000000");
    EXPECT_EQ(
        errorsOf("[[sensor]]\nname = \"a b\"\n[[sensor]]\n"),
        "agent.toml:2: sensor.name: \"a b\" has other characters; allowed: letters, digits, '_' and '-', at most 128");
}

}  // namespace
}  // namespace edge
