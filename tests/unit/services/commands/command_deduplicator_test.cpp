// SPDX-License-Identifier: MIT
#include "services/commands/command_deduplicator.hpp"

#include <gtest/gtest.h>

namespace edge {
namespace {

const SteadyTime kStart{seconds{100}};

std::string keyOf(std::string_view transaction, std::string payload = "start") {
    InboundMessage message;
    message.payload = std::move(payload);
    return CommandDeduplicator::makeKey(transaction, message);
}

TEST(CommandDeduplicator, KnowsACommandByTransactionAndPayload) {
    EXPECT_EQ(keyOf("t"), keyOf("t"));
    EXPECT_NE(keyOf("t"), keyOf("u"));
    EXPECT_NE(keyOf("t"), keyOf("t", "stop"));
}

TEST(CommandDeduplicator, KnowsACommandByResponseTopicAndCorrelationData) {
    InboundMessage message{"command", "start", Qos::kAtLeastOnce, false, "answers", "1"};
    const std::string key = CommandDeduplicator::makeKey("", message);
    EXPECT_FALSE(key.empty());

    message.correlationData = "2";
    EXPECT_NE(CommandDeduplicator::makeKey("", message), key);
    message.correlationData.reset();
    EXPECT_EQ(CommandDeduplicator::makeKey("", message), "");
}

TEST(CommandDeduplicator, ForgetsAfterItsWindow) {
    CommandDeduplicator known(10, std::chrono::minutes{10});
    known.remember("k", kStart, "reply");

    ASSERT_NE(known.find("k", kStart + std::chrono::minutes{10}), nullptr);
    EXPECT_EQ(known.find("k", kStart + std::chrono::minutes{10})->reply, "reply");
    EXPECT_EQ(known.find("k", kStart + std::chrono::minutes{10} + nanoseconds{1}), nullptr);
}

TEST(CommandDeduplicator, KeepsTheNewest) {
    CommandDeduplicator known(3, std::chrono::minutes{10});
    for (const char* key : {"a", "b", "c", "d"}) known.remember(key, kStart, "");

    EXPECT_EQ(known.find("a", kStart), nullptr);
    EXPECT_NE(known.find("b", kStart), nullptr);
    EXPECT_NE(known.find("d", kStart), nullptr);
}

TEST(CommandDeduplicator, AKeyThatIsRememberedAgainIsTheNewest) {
    CommandDeduplicator known(3, std::chrono::minutes{10});
    for (const char* key : {"a", "b", "c"}) known.remember(key, kStart, "");
    const SteadyTime later = kStart + std::chrono::minutes{11};
    known.remember("a", later, "again");
    known.remember("d", later, "");

    ASSERT_NE(known.find("a", later), nullptr);
    EXPECT_EQ(known.find("a", later)->reply, "again");
    EXPECT_NE(known.find("d", later), nullptr);
    known.remember("e", later, "");
    known.remember("f", later, "");
    EXPECT_EQ(known.find("a", later), nullptr) << "its old place in the order is gone";
    EXPECT_NE(known.find("d", later), nullptr);
}

TEST(CommandDeduplicator, NeverKnowsACommandWithoutAKey) {
    CommandDeduplicator known(3, std::chrono::minutes{10});
    known.remember("", kStart, "reply");

    EXPECT_EQ(known.find("", kStart), nullptr);
}

}  // namespace
}  // namespace edge
