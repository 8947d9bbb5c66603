// SPDX-License-Identifier: MIT
#include "command_fixture.hpp"
#include "journal/reader.hpp"

namespace edge {
namespace {

/// More commands than can be answered.
class CommandFlood : public CommandFixture {
  protected:
    CommandFlood() { publisher.outcome.reset(); }

    /// No reply is acknowledged: everything waits.
    void flood(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) commands->handle(message("status"));
        loop->runPending();
    }
    [[nodiscard]] std::vector<Json> rateLimited() const {
        std::vector<Json> found;
        for (const Json& reply : replies()) {
            if (reply.value("code", "") == "rate_limited") found.push_back(reply);
        }
        return found;
    }
    [[nodiscard]] std::vector<std::string> floodRows() const {
        std::vector<std::string> found;
        auto reader = JournalReader::open(config.journal.path, {});
        const auto rows = reader->next(2000);
        for (const JournalRow& row : *rows) {
            const auto* command = std::get_if<Stored<CommandRecord>>(&row);
            if (command != nullptr && command->record.source == "flood") found.push_back(command->record.payload);
        }
        return found;
    }
};

TEST_F(CommandFlood, BeyondAThousandIsRefusedWithOneAnswerASecond) {
    flood(1500);
    EXPECT_EQ(carriedOut.size(), 1000U);
    EXPECT_EQ(commands->counters().waiting, 1000U);
    loop->advance(seconds{1});

    ASSERT_EQ(rateLimited().size(), 1U);
    EXPECT_EQ(rateLimited().front()["data"]["count"], 500);
    flood(10);
    loop->advance(seconds{5});
    EXPECT_EQ(rateLimited().size(), 2U);
    EXPECT_EQ(commands->counters().rateLimited, 510U);
}

TEST_F(CommandFlood, IsCountedEachSecondAndInTheJournalOnceItIsOver) {
    flood(1500);
    loop->advance(milliseconds{999});
    EXPECT_TRUE(rateLimited().empty());
    loop->advance(milliseconds{1});
    flood(1);
    loop->advance(seconds{2});
    ASSERT_EQ(rateLimited().size(), 2U);
    EXPECT_EQ(rateLimited().back()["data"]["count"], 1);
    flood(1);
    loop->advance(seconds{3});

    EXPECT_EQ(floodRows(), (std::vector<std::string>{"501 commands", "1 commands"}));
}

TEST_F(CommandFlood, AMebibyteIsTheOtherBound) {
    constexpr std::size_t kPayload = 60'000;
    for (int i = 0; i < 100; ++i) commands->handle(message(std::string(kPayload, ' ') + "status"));
    loop->runPending();

    EXPECT_LE(carriedOut.size() * kPayload, std::size_t{1} << 20);
    EXPECT_GT(commands->counters().rateLimited, 0U);
}

TEST_F(CommandFlood, AMebibyteIncludesTheProperties) {
    constexpr std::size_t kEach = 20'000;
    InboundMessage large = message("status");
    large.responseTopic = std::string(kEach, 't');
    large.correlationData = std::string(kEach, '\xff');
    large.userProperties = {{"name", std::string(kEach, 'v')}};
    for (int i = 0; i < 100; ++i) commands->handle(large);
    loop->runPending();

    EXPECT_LE(commands->counters().waiting * 3 * kEach, std::size_t{1} << 20);
    EXPECT_GT(commands->counters().rateLimited, 0U);
}

TEST_F(CommandFlood, StopGoesPastTheQueue) {
    flood(1500);
    carriedOut.clear();
    receive(message(R"({"command":"stop","transaction":"now"})"));

    ASSERT_EQ(carriedOut.size(), 1U);
    EXPECT_EQ(carriedOut.front().name, "stop");
    EXPECT_EQ(replies().back()["transaction"], "now");
}

TEST_F(CommandFlood, AFloodOfStopIsBounded) {
    for (int i = 0; i < 100'000; ++i) commands->handle(message("stop"));
    loop->runPending();

    EXPECT_LE(commands->counters().waiting, 1200U);
    EXPECT_EQ(carriedOut.size(), 100'000U) << "each takes effect, most are answered together";
}

TEST_F(CommandFlood, PassesOnceTheRepliesAreTaken) {
    flood(1500);
    publisher.finishAll(Delivery::kDelivered);
    loop->runPending();

    EXPECT_EQ(commands->counters().waiting, 0U);
    flood(1);
    EXPECT_EQ(carriedOut.size(), 1001U);
}

}  // namespace
}  // namespace edge
