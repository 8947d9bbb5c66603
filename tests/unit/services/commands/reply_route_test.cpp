// SPDX-License-Identifier: MIT
#include "services/commands/reply_route.hpp"

#include <gtest/gtest.h>

namespace edge {
namespace {

class ReplyRouteTest : public testing::Test {
  protected:
    static Config config() {
        Config c;
        c.topics.base = "edge/pi-1";
        return c;
    }
    ReplyTarget route(std::optional<std::string> responseTopic) const {
        InboundMessage message;
        message.responseTopic = std::move(responseTopic);
        message.correlationData = std::string("\0\xff\x01", 3);
        return ReplyRoute(config(), {"command", "edge/pi-1/command", "edge/pi-1/gpio/led/set"}).targetFor(message);
    }
};

TEST_F(ReplyRouteTest, AnswersOnTheResponseTopicWithTheCorrelationData) {
    const ReplyTarget target = route("client/7/answers");

    EXPECT_EQ(target.topic, "client/7/answers");
    EXPECT_EQ(target.correlationData, std::string("\0\xff\x01", 3));
}

TEST_F(ReplyRouteTest, AnswersOnItsOwnTopicWhereNoneIsGiven) {
    EXPECT_EQ(route(std::nullopt).topic, "edge/pi-1/response");
    EXPECT_EQ(route(std::nullopt).correlationData, std::nullopt);
}

TEST_F(ReplyRouteTest, RefusesTopicsThatWouldMakeItCommandSomething) {
    for (const char* topic : {"command", "edge/pi-1/command", "edge/pi-1/gpio/led/set", "zigbee2mqtt/lamp/set",
                              "$SYS/x", "$share/g/t", "a/+/b", "a/#", "#", "", "bad\xff"}) {
        EXPECT_EQ(route(topic).topic, "edge/pi-1/response") << topic;
    }
}

TEST(ReplyRoute, HasNowhereToAnswerWithPlainTopicsOnly) {
    Config config;
    config.topics.base = "";

    EXPECT_EQ(ReplyRoute(config, {"command"}).targetFor({}).topic, "");
}

}  // namespace
}  // namespace edge
