// SPDX-License-Identifier: MIT
#include <string>

#include <gtest/gtest.h>

#include "unit/config/reading.hpp"

namespace edge {
namespace {

TEST(KeysTogether, ReconnectMinMustNotBeLongerThanReconnectMax) {
    EXPECT_EQ(mistakesOf("[mqtt]\nreconnect_max = \"2s\"\nreconnect_min = \"3s\"\n"),
              "agent.toml:3: mqtt.reconnect_min: reconnect_min = \"3s\" is longer than reconnect_max = \"2s\"; "
              "allowed: at most that");
    EXPECT_EQ(mistakesOf("[mqtt]\nreconnect_max = \"500ms\"\n"),
              "agent.toml:2: mqtt.reconnect_max: reconnect_min = \"1s\" is longer than reconnect_max = \"500ms\"; "
              "allowed: at most that");
    EXPECT_EQ(mistakesOf("[mqtt]\nreconnect_max = \"2s\"\nreconnect_min = \"2s\"\n"), "");
}

TEST(KeysTogether, ACertificateNeedsItsKeyAndTheOtherWayRound) {
    EXPECT_EQ(
        mistakesOf("[mqtt.tls]\ncert_file = \"/a\"\n"),
        "agent.toml:2: mqtt.tls.cert_file: is set without key_file; allowed: both for a client certificate, or none");
    EXPECT_EQ(
        mistakesOf("[mqtt.tls]\n\nkey_file = \"/a\"\n"),
        "agent.toml:3: mqtt.tls.key_file: is set without cert_file; allowed: both for a client certificate, or none");
}

TEST(KeysTogether, APasswordAloneIsNotForMqtt311) {
    EXPECT_TRUE(contains(mistakesOf("[mqtt]\nprotocol = \"3.1.1\"\npassword_file = \"/pw\"\n"),
                         "agent.toml:3: mqtt.password_file: "));
    EXPECT_EQ(mistakesOf("[mqtt]\npassword_file = \"/pw\"\n"), "");
}

TEST(KeysTogether, HomeAssistantNeedsTheDevicesOwnTopics) {
    EXPECT_TRUE(contains(mistakesOf("[topics]\nbase = \"\"\n[home_assistant]\nenabled = true\n"),
                         "agent.toml:4: home_assistant.enabled: "));
}

TEST(KeysTogether, ReplayNeedsADirectory) {
    EXPECT_TRUE(contains(mistakesOf("\n[camera]\nbackend = \"replay\"\n"),
                         "agent.toml:2: camera.device: is empty; allowed: the absolute path"));
    EXPECT_TRUE(
        contains(mistakesOf("[camera]\nbackend = \"replay\"\ndevice = \"\"\n"), "agent.toml:3: camera.device: "));
}

TEST(KeysTogether, AFileSensorNeedsAPath) {
    EXPECT_TRUE(contains(mistakesOf("[[sensor]]\n[[sensor]]\nname = \"b\"\ntype = \"file\"\n"),
                         "agent.toml:2: sensor.device: is empty; allowed: the absolute path of the file"));
    EXPECT_TRUE(contains(mistakesOf("[[sensor]]\ndevice = \"../../etc\"\n"), "agent.toml:2: sensor.device: has a '/'"));
}

TEST(KeysTogether, MinMustBeBelowMax) {
    EXPECT_EQ(mistakesOf("[[sensor]]\nmin = 20\nmax = 20.0\n"),
              "agent.toml:2: sensor.min: min = 20 is not below max = 20; allowed: min < max");
    EXPECT_TRUE(contains(mistakesOf("[[sensor]]\nmax = -60\n"), "agent.toml:2: sensor.max: "));
}

TEST(KeysTogether, NamesAreTakenOnce) {
    EXPECT_EQ(mistakesOf("[[sensor]]\nname = \"a\"\n[[sensor]]\nname = \"a\"\n"),
              "agent.toml:4: sensor.name: \"a\" is taken by line 2; allowed: a name of its own");
    EXPECT_EQ(mistakesOf("[[sensor]]\n[[sensor]]\n"),
              "agent.toml:2: sensor.name: \"room\" is taken by line 1; allowed: a name of its own");
    EXPECT_EQ(mistakesOf("[[gpio.output]]\nname = \"a\"\n[[gpio.input]]\nname = \"a\"\n"),
              "agent.toml:4: gpio.input.name: \"a\" is taken by line 2; allowed: a name of its own");
    EXPECT_EQ(mistakesOf("[[gpio.output]]\nname = \"a\"\n[[sensor]]\nname = \"a\"\n"), "");
}

TEST(KeysTogether, AGpioLineIsUsedOnce) {
    const std::string output = "[[gpio.output]]\nname = \"a\"\nline = 5\n";
    const std::string wanted = ".line: is used by line 3 already; allowed: each GPIO line once";

    EXPECT_EQ(mistakesOf(output + "[[gpio.output]]\nname = \"b\"\nline = 5\n"), "agent.toml:6: gpio.output" + wanted);
    EXPECT_EQ(mistakesOf(output + "[[gpio.input]]\nname = \"b\"\nline = 5\n"), "agent.toml:6: gpio.input" + wanted);
    EXPECT_EQ(mistakesOf(output + "[[gpio.input]]\nname = \"b\"\nline = \"GPIO5\"\n"),
              "agent.toml:6: gpio.input" + wanted);
    EXPECT_EQ(mistakesOf(output + "[[gpio.input]]\nname = \"b\"\nline = 5\nchip = \"other\"\n"), "");
}

TEST(KeysTogether, AreNotHeldAgainstAKeyThatIsWrongByItself) {
    EXPECT_EQ(mistakesOf("[[sensor]]\nmin = \"x\"\nmax = -60\n"),
              "agent.toml:2: sensor.min: \"x\" is not allowed; allowed: a number from -1000000000 to 1000000000");
    EXPECT_EQ(
        mistakesOf("[[sensor]]\nname = \"a b\"\n[[sensor]]\n"),
        "agent.toml:2: sensor.name: \"a b\" has other characters; allowed: letters, digits, '_' and '-', at most 128");
}

}  // namespace
}  // namespace edge
