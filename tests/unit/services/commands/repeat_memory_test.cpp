// SPDX-License-Identifier: MIT
#include "services/commands/repeat_memory.hpp"

#include <gtest/gtest.h>

namespace edge {
namespace {

const SteadyTime kStart{seconds{100}};

std::string keyOf(std::string_view transaction, std::string payload = "start") {
    InboundMessage message;
    message.payload = std::move(payload);
    return RepeatMemory::makeKey(transaction, message);
}

TEST(RepeatMemory, KnowsACommandByTransactionAndPayload) {
    EXPECT_EQ(keyOf("t"), keyOf("t"));
    EXPECT_NE(keyOf("t"), keyOf("u"));
    EXPECT_NE(keyOf("t"), keyOf("t", "stop"));
}

TEST(RepeatMemory, KnowsACommandByResponseTopicAndCorrelationData) {
    InboundMessage message{"command", "start", Qos::kAtLeastOnce, false, "answers", "1"};
    const std::string key = RepeatMemory::makeKey("", message);
    EXPECT_FALSE(key.empty());

    message.correlationData = "2";
    EXPECT_NE(RepeatMemory::makeKey("", message), key);
    message.correlationData.reset();
    EXPECT_EQ(RepeatMemory::makeKey("", message), "");
}

TEST(RepeatMemory, ForgetsAfterItsWindow) {
    RepeatMemory memory(10, std::chrono::minutes{10});
    memory.remember("k", kStart, "reply");

    ASSERT_NE(memory.find("k", kStart + std::chrono::minutes{10}), nullptr);
    EXPECT_EQ(memory.find("k", kStart + std::chrono::minutes{10})->reply, "reply");
    EXPECT_EQ(memory.find("k", kStart + std::chrono::minutes{10} + nanoseconds{1}), nullptr);
}

TEST(RepeatMemory, KeepsTheNewest) {
    RepeatMemory memory(3, std::chrono::minutes{10});
    for (const char* key : {"a", "b", "c", "d"}) memory.remember(key, kStart, "");

    EXPECT_EQ(memory.find("a", kStart), nullptr);
    EXPECT_NE(memory.find("b", kStart), nullptr);
    EXPECT_NE(memory.find("d", kStart), nullptr);
}

TEST(RepeatMemory, AKeyThatIsRememberedAgainIsTheNewest) {
    RepeatMemory memory(3, std::chrono::minutes{10});
    for (const char* key : {"a", "b", "c"}) memory.remember(key, kStart, "");
    const SteadyTime later = kStart + std::chrono::minutes{11};
    memory.remember("a", later, "again");
    memory.remember("d", later, "");

    ASSERT_NE(memory.find("a", later), nullptr);
    EXPECT_EQ(memory.find("a", later)->reply, "again");
    EXPECT_NE(memory.find("d", later), nullptr);
    memory.remember("e", later, "");
    memory.remember("f", later, "");
    EXPECT_EQ(memory.find("a", later), nullptr) << "its old place in the order is gone";
    EXPECT_NE(memory.find("d", later), nullptr);
}

TEST(RepeatMemory, NeverKnowsACommandWithoutAKey) {
    RepeatMemory memory(3, std::chrono::minutes{10});
    memory.remember("", kStart, "reply");

    EXPECT_EQ(memory.find("", kStart), nullptr);
}

}  // namespace
}  // namespace edge
