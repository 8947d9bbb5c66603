// SPDX-License-Identifier: MIT
#include "command_fixture.hpp"
#include "journal/reader.hpp"

namespace edge {
namespace {

using CommandServiceTest = CommandFixture;

TEST_F(CommandServiceTest, CarriesOutAWordAndAnswers) {
    const Json reply = send(" START\r\n");

    ASSERT_EQ(carriedOut.size(), 1U);
    EXPECT_EQ(carriedOut.front().name, "start");
    EXPECT_EQ(reply, Json::parse(R"({"status":"ok","command":"start","data":{"by":"handler"}})"));
}

TEST_F(CommandServiceTest, AnswersAtQos1AndNeverRetained) {
    send("start");
    const Publication reply = publisher.on("edge/pi/response").back();

    EXPECT_TRUE(reply.qos == Qos::kAtLeastOnce);
    EXPECT_TRUE(reply.retain == Retain::kNo);
}

TEST_F(CommandServiceTest, EchoesTheTransaction) {
    EXPECT_EQ(send(R"({"command":"stop","transaction":"t-1"})")["transaction"], "t-1");
    EXPECT_EQ(send(R"({"command":"fly","transaction":"t-2"})")["transaction"], "t-2");
}

TEST_F(CommandServiceTest, AnswersWhatIsNoCommand) {
    const Json reply = send("안녕하세요");

    EXPECT_EQ(reply["status"], "error");
    EXPECT_EQ(reply["code"], "unknown_command");
    EXPECT_TRUE(reply["command"].is_null());
    EXPECT_EQ(reply["data"], Json::object());
    EXPECT_TRUE(carriedOut.empty());
}

TEST_F(CommandServiceTest, AnswersAfterTheRowIsOnDisk) {
    commands->handle(message("start"));
    EXPECT_TRUE(replies().empty());
    loop->runPending();
    EXPECT_EQ(replies().size(), 1U);

    auto reader = JournalReader::open(config.journal.path, {});
    ASSERT_TRUE(reader);
    const auto rows = reader->next(10);
    ASSERT_TRUE(rows);
    EXPECT_EQ(rows->size(), 1U);
}

TEST_F(CommandServiceTest, RefusesRetainedOnesOnceForEachPayload) {
    InboundMessage retained = message("start");
    retained.retained = true;
    for (int i = 0; i < 3; ++i) receive(retained);
    EXPECT_TRUE(carriedOut.empty());
    ASSERT_EQ(replies().size(), 1U);
    EXPECT_EQ(replies().front()["code"], "retained_ignored");
    EXPECT_EQ(replies().front()["command"], "start");

    retained.payload = "stop";
    receive(retained);
    EXPECT_EQ(replies().size(), 2U);
    boot();
    receive(retained);
    EXPECT_EQ(replies().size(), 2U) << "also after a restart";
}

TEST_F(CommandServiceTest, ReportsExpiredOnes) {
    EXPECT_EQ(send(R"({"command":"start","expires_at":"2020-01-01T00:00:00Z"})")["code"], "expired");
    EXPECT_TRUE(carriedOut.empty());
    EXPECT_EQ(send(R"({"command":"start","expires_at":"2099-01-01T00:00:00Z"})")["status"], "ok");
}

TEST_F(CommandServiceTest, CannotCheckExpiryWithoutAClock) {
    loop->manualClock().state = ClockState::kUnsynchronised;
    EXPECT_EQ(send(R"({"command":"start","expires_at":"2099-01-01T00:00:00Z"})")["code"], "clock_unsynchronised");
    EXPECT_EQ(send(R"({"command":"start","expires_at":"2020-01-01T00:00:00Z"})")["code"], "expired")
        << "a clock that was not set is behind: too late by it is too late";
    EXPECT_TRUE(carriedOut.empty());
    EXPECT_EQ(send("start")["status"], "ok");
}

TEST_F(CommandServiceTest, AnswersOnTheResponseTopicWithItsCorrelationData) {
    InboundMessage request = message("start");
    request.responseTopic = "client/answers";
    request.correlationData = std::string("\0\xff", 2);
    receive(request);

    ASSERT_EQ(publisher.on("client/answers").size(), 1U);
    EXPECT_EQ(publisher.on("client/answers").front().correlationData, std::string("\0\xff", 2));
    EXPECT_TRUE(replies().empty());
}

TEST_F(CommandServiceTest, SaysThatTheBrokerDoesNotTakeTheReply) {
    publisher.outcome = Delivery::kTooLarge;
    InboundMessage inbound = message(R"({"command":"pictures","transaction":"t-1"})");
    inbound.responseTopic = "me";
    inbound.correlationData = "7";
    receive(inbound);

    ASSERT_EQ(publisher.on("me").size(), 2U) << "one of them arrives";
    const Json reply = replies("me").back();
    EXPECT_EQ(reply["code"], "too_large");
    EXPECT_EQ(reply["command"], "pictures");
    EXPECT_EQ(reply["transaction"], "t-1");
    EXPECT_EQ(publisher.on("me").back().correlationData, "7");
    EXPECT_EQ(commands->counters().waiting, 0U);
}

TEST_F(CommandServiceTest, KeepsAReplyForTheNextConnection) {
    publisher.disconnect();
    receive(message("start"));
    ASSERT_EQ(publisher.sent.size(), 1U);
    EXPECT_TRUE(publisher.sent.front().priority == Priority::kReply);
    EXPECT_FALSE(publisher.sent.front().isFinished);
}

TEST_F(CommandServiceTest, SetsOutputs) {
    receive(message(" On\n", "edge/pi/gpio/lamp/set"));
    EXPECT_EQ(switches.at("gpio/lamp"), OutputCommand::kOn);
    EXPECT_EQ(replies().back()["status"], "ok");
    receive(message("BRIGHT", "edge/pi/gpio/lamp/set"));
    EXPECT_EQ(replies().back()["code"], "invalid_payload");
    EXPECT_EQ(switches.at("gpio/lamp"), OutputCommand::kOn);

    InboundMessage retained = message("OFF", "edge/pi/gpio/lamp/set");
    retained.retained = true;
    receive(retained);
    EXPECT_EQ(replies().back()["code"], "retained_ignored");
    EXPECT_EQ(switches.at("gpio/lamp"), OutputCommand::kOn);
}

TEST_F(CommandServiceTest, ATriggerIsCarriedOutAndNotAnswered) {
    commands->trigger("capture", "gpio:button");
    loop->runPending();

    ASSERT_EQ(carriedOut.size(), 1U);
    EXPECT_TRUE(publisher.sent.empty());
    EXPECT_EQ(commands->counters().waiting, 0U);
}

TEST_F(CommandServiceTest, SubscribesToItsOwnTopicsOnly) {
    EXPECT_EQ(subscribedTopics(config),
              (std::vector<std::string>{"command", "edge/pi/command", "edge/pi/gpio/lamp/set"}));
    config.topics.command = "";
    EXPECT_EQ(subscribedTopics(config).front(), "edge/pi/command");
    config.topics.base = "";
    EXPECT_TRUE(subscribedTopics(config).empty());
}

TEST_F(CommandServiceTest, HostilePayloadsAreAnsweredAndNothingElse) {
    for (const std::string& payload :
         {std::string("\xff\xfe"), std::string(70'000, 'x'), std::string(100'000, '['), std::string("{\"command\":5}"),
          std::string("{}"), std::string(), std::string("\0start", 6)}) {
        EXPECT_EQ(send(payload)["status"], "error") << payload.substr(0, 20);
    }
    EXPECT_TRUE(carriedOut.empty());
    EXPECT_EQ(commands->counters().waiting, 0U);
}

}  // namespace
}  // namespace edge
