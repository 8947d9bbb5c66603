// SPDX-License-Identifier: MIT
#include "command_fixture.hpp"

namespace edge {
namespace {

/// The same command again: answered again, carried out once.
using CommandRepeats = CommandFixture;

constexpr const char* kCapture = R"({"command":"capture","transaction":"t-1"})";

TEST_F(CommandRepeats, AreAnsweredAgainButNotCarriedOutAgain) {
    const Json first = send(kCapture);
    const Json second = send(kCapture);

    EXPECT_EQ(carriedOut.size(), 1U);
    EXPECT_EQ(first, second);
    EXPECT_EQ(replies().size(), 2U);
    EXPECT_EQ(commands->counters().repeated, 1U);
}

TEST_F(CommandRepeats, AreKnownAfterARestart) {
    const Json first = send(kCapture);
    boot();

    EXPECT_EQ(send(kCapture), first);
    EXPECT_EQ(carriedOut.size(), 1U);
}

TEST_F(CommandRepeats, OfALongListAreCarriedOutAgain) {
    data = R"({"pictures":")" + std::string(CommandService::kMaxRememberedReply, 'x') + "\"}";
    const std::string payload = R"({"command":"pictures","transaction":"t"})";
    EXPECT_EQ(send(payload)["status"], "ok");
    EXPECT_EQ(send(payload)["status"], "ok");
    EXPECT_EQ(carriedOut.size(), 2U);
    boot();
    EXPECT_EQ(send(payload)["status"], "ok");
    EXPECT_EQ(carriedOut.size(), 3U);
}

TEST_F(CommandRepeats, LongListsThatWaitAreBounded) {
    data = R"({"pictures":")" + std::string(std::size_t{256} << 10, 'x') + "\"}";
    publisher.outcome.reset();
    for (int i = 0; i < 20; ++i) send("pictures");
    EXPECT_LT(carriedOut.size(), 6U);
    EXPECT_GT(commands->counters().rateLimited, 0U);
    publisher.finishAll(Delivery::kDelivered);
    loop->runPending();
    const std::size_t before = carriedOut.size();
    send("pictures");
    EXPECT_EQ(carriedOut.size(), before + 1);
}

TEST_F(CommandRepeats, AreKnownForTenMinutes) {
    send(kCapture);
    loop->advance(std::chrono::minutes{9});
    send(kCapture);
    EXPECT_EQ(carriedOut.size(), 1U);
    loop->advance(std::chrono::minutes{2});
    send(kCapture);
    EXPECT_EQ(carriedOut.size(), 2U);
}

TEST_F(CommandRepeats, WithAnotherPayloadAreOtherCommands) {
    send(kCapture);
    send(R"({"command":"capture","transaction":"t-1","width":320})");

    EXPECT_EQ(carriedOut.size(), 2U);
}

TEST_F(CommandRepeats, WithoutATransactionAreNewCommands) {
    send("capture");
    send("capture");

    EXPECT_EQ(carriedOut.size(), 2U);
}

TEST_F(CommandRepeats, AreRecognisedByResponseTopicAndCorrelationData) {
    InboundMessage request = message("capture");
    request.responseTopic = "client/answers";
    request.correlationData = "7";
    receive(request);
    receive(request);
    EXPECT_EQ(carriedOut.size(), 1U);
    EXPECT_EQ(publisher.on("client/answers").size(), 2U);

    request.correlationData = "8";
    receive(request);
    EXPECT_EQ(carriedOut.size(), 2U);
}

TEST_F(CommandRepeats, OfOneThatIsStillBeingCarriedOutWaitForItsAnswer) {
    isHeldBack = true;
    send(kCapture);
    send(kCapture);
    EXPECT_EQ(carriedOut.size(), 1U);
    EXPECT_TRUE(replies().empty());
    heldBack.front()(Outcome::success());
    loop->runPending();

    EXPECT_EQ(replies().size(), 2U);
    EXPECT_EQ(commands->counters().waiting, 0U);
}

TEST_F(CommandRepeats, ASeriesThatARestartEndedIsAnsweredCancelled) {
    isHeldBack = true;
    const char* series = R"({"command":"capture","count":5,"transaction":"s-1"})";
    send(series);
    EXPECT_TRUE(replies().empty());
    heldBack.clear();
    boot();

    ASSERT_EQ(replies().size(), 1U);
    EXPECT_EQ(replies().front()["code"], "cancelled");
    EXPECT_EQ(replies().front()["transaction"], "s-1");
    boot();
    EXPECT_EQ(replies().size(), 1U) << "once";
    EXPECT_EQ(send(series)["code"], "cancelled");
    EXPECT_EQ(carriedOut.size(), 1U) << "and not begun again";
}

TEST_F(CommandRepeats, OnlyTheLast256AreKnown) {
    send(kCapture);
    for (std::size_t i = 0; i < CommandService::kRememberedTransactions; ++i) {
        send(R"({"command":"status","transaction":"x)" + std::to_string(i) + "\"}");
    }
    carriedOut.clear();
    send(kCapture);

    EXPECT_EQ(carriedOut.size(), 1U);
}

}  // namespace
}  // namespace edge
