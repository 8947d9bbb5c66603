// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "services/commands/command_service.hpp"

namespace edge {
namespace {

class ReplyTargetTest : public testing::Test {
  protected:
    static Config config() {
        Config c;
        c.topics.base = "edge/pi-1";
        c.gpio.outputs.emplace_back().name = "led";
        c.homeAssistant.enabled = true;
        return c;
    }
    ReplyTarget route(std::optional<std::string> responseTopic) const {
        InboundMessage message;
        message.responseTopic = std::move(responseTopic);
        message.correlationData = std::string("\0\xff\x01", 3);
        return replyTarget(config(), message);
    }
};

TEST_F(ReplyTargetTest, AnswersOnTheResponseTopicWithTheCorrelationData) {
    const ReplyTarget target = route("client/7/answers");

    EXPECT_EQ(target.topic, "client/7/answers");
    EXPECT_EQ(target.correlationData, std::string("\0\xff\x01", 3));
}

TEST_F(ReplyTargetTest, AnswersOnItsOwnTopicWhereNoneIsGiven) {
    EXPECT_EQ(route(std::nullopt).topic, "edge/pi-1/response");
    EXPECT_EQ(route(std::nullopt).correlationData, std::nullopt);
}

TEST_F(ReplyTargetTest, RefusesTopicsThatWouldMakeItCommandSomething) {
    for (const char* topic :
         {"command", "edge/pi-1/command", "edge/pi-1/gpio/led/set", "homeassistant/status", "zigbee2mqtt/lamp/set",
          "$SYS/x", "$share/g/t", "a/+/b", "a/#", "#", "", "bad\xff", "bell\x07", "c1\xC2\x85", "none\xEF\xBF\xBE"}) {
        EXPECT_EQ(route(topic).topic, "edge/pi-1/response") << topic;
    }
}

TEST(ReplyTarget, HasNowhereToAnswerWithPlainTopicsOnly) {
    Config config;
    config.topics.base = "";

    EXPECT_EQ(replyTarget(config, {}).topic, "");
}

}  // namespace
}  // namespace edge
