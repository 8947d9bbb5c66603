// SPDX-License-Identifier: MIT
#include <string>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "config/schema/types.hpp"
#include "unit/config/reading.hpp"

namespace edge {
namespace {

TEST(Topics, RefuseWhatABrokerWouldDisconnectFor) {
    for (const std::string& topic :
         {std::string("a/+"), std::string("#"), std::string("a#"), std::string("$SYS/a"), std::string("$share/g/a"),
          std::string("a\0b", 3), std::string("a\x01"), std::string("a\x7f"), std::string("a\xc2\x85"),
          std::string("a\xef\xbf\xbf"), std::string("a\xef\xb7\x90"), std::string("\xf0\x9f\xbf\xbe"),
          std::string("\xff"), std::string("\xed\xa0\x80"), std::string(65'536, 'a'), std::string()}) {
        EXPECT_NE(validateTopic(topic), "") << topic.substr(0, 20);
    }
}

TEST(Topics, AllowWhatMqttAllows) {
    for (const std::string& topic :
         {std::string("a"), std::string("/"), std::string("a//b/"), std::string("a b"), std::string("a$"),
          std::string("Küche/온도"), std::string("😀"), std::string(65'535, 'a')}) {
        EXPECT_EQ(validateTopic(topic), "") << topic.substr(0, 20);
    }
}

TEST(Topics, KnowTheIdInAnotherSpelling) {
    for (const char* written : {"{ID}", "{Id}", "{ id }", "<id>", "{device_id}", "{device.id}"}) {
        EXPECT_TRUE(contains(errorsOf(fmt::format("[image]\ntopic = \"{{id}}/{}\"\n", written)),
                             fmt::format("has {}, did you mean {{id}}?; allowed: ", written)));
    }
    EXPECT_EQ(configOf("[image]\ntopic = \"a/{x}/{id}\"\n").image.topic, "a/{x}/pi-0a1b2c");
    EXPECT_EQ(configOf("[home_assistant]\nprefix = \"{id}/ha\"\n").homeAssistant.prefix, "pi-0a1b2c/ha");
}

TEST(Topics, AreMeasuredWithTheIdInThem) {
    std::string topic;
    for (int i = 0; i < 10'000; ++i) topic += "{id}/";
    EXPECT_EQ(errorsOf("[image]\ntopic = \"" + topic + "\"\n"),
              "agent.toml:2: image.topic: is 100000 bytes long with {id} replaced; allowed: 65535");
}

TEST(Topics, ArePublishedOrListenedToButNotBoth) {
    const auto told = [](const std::string& topic, const std::string& more = "") {
        return errorsOf(fmt::format("[[sensor]]\ntopic = \"{}\"\n{}", topic, more));
    };
    const std::string listened = "is subscribed to by the agent";

    EXPECT_TRUE(contains(told("command"), "agent.toml:2: sensor.topic: \"command\" " + listened));
    EXPECT_TRUE(
        contains(told("edge/pi-0a1b2c/command"), "agent.toml:2: sensor.topic: \"edge/pi-0a1b2c/command\" " + listened));
    EXPECT_TRUE(contains(told("edge/{id}/gpio/led/set", "[[gpio.output]]\n"), listened));
    EXPECT_TRUE(contains(told("homeassistant/status", "[home_assistant]\nenabled = true\n"), listened));
    EXPECT_EQ(told("homeassistant/status"), "");
    EXPECT_TRUE(
        contains(errorsOf("[image]\ntopic = \"command\"\n"), "agent.toml:2: image.topic: \"command\" " + listened));
    EXPECT_TRUE(contains(errorsOf("[topics]\ncommand = \"edge/{id}/response\"\n"), "agent.toml:2: topics.command: "));
    EXPECT_TRUE(contains(errorsOf("[topics]\nbase = \"homeassistant\"\n[home_assistant]\nenabled = true\n"),
                         "home_assistant.prefix: "));
}

TEST(Topics, BelongToOnePublisher) {
    EXPECT_EQ(errorsOf("[[sensor]]\nname = \"a\"\ntopic = \"t\"\n[[sensor]]\nname = \"b\"\ntopic = \"t\"\n"),
              "agent.toml:6: sensor.topic: \"t\" is sensor.topic in line 3 too; allowed: a topic of its own");
    EXPECT_TRUE(contains(errorsOf("[image]\ntopic = \"t\"\n[[sensor]]\ntopic = \"t\"\n"),
                         "\"t\" is image.topic in line 2 too"));
    EXPECT_TRUE(contains(errorsOf("[[sensor]]\ntopic = \"jpeg\"\n"), "\"jpeg\" is image.topic by default too"));
    EXPECT_TRUE(contains(errorsOf("[[sensor]]\ntopic = \"edge/{id}/status\"\n"),
                         "is published by the agent for something else"));
    const std::string jpeg = "[[sensor]]\ntopic = \"edge/{id}/jpeg\"\n";
    EXPECT_EQ(errorsOf(jpeg), "");
    EXPECT_TRUE(contains(errorsOf(jpeg + "[home_assistant]\nenabled = true\n"),
                         "is published by the agent for something else"));
    EXPECT_TRUE(contains(errorsOf("[[sensor]]\ntopic = \"edge/{id}/sensor/room\"\n"),
                         "is published by the agent for something else"));
}

TEST(Topics, MayBeTheDevicesOwnForPicturesAndCommands) {
    EXPECT_EQ(errorsOf("[image]\ntopic = \"edge/{id}/jpeg\"\n"), "");
    EXPECT_EQ(errorsOf("[topics]\ncommand = \"edge/{id}/command\"\n"), "");
    EXPECT_EQ(errorsOf("[topics]\ncommand = \"\"\nbase = \"\"\n"), "");
}

}  // namespace
}  // namespace edge
