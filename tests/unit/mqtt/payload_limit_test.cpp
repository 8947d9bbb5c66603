// SPDX-License-Identifier: MIT
#include "mqtt/payload_limit.hpp"

#include <gtest/gtest.h>

namespace edge {
namespace {

TEST(PayloadLimit, IsNoneUntilSomethingIsLearnt) {
    EXPECT_EQ(PayloadLimit().value(), PayloadLimit::kNone);
}

TEST(PayloadLimit, HalvesWithEveryLoss) {
    PayloadLimit limit;

    EXPECT_TRUE(limit.lostWith(300'000));
    EXPECT_EQ(limit.value(), 150'000u);
    EXPECT_TRUE(limit.lostWith(150'000));
    EXPECT_EQ(limit.value(), 75'000u);
}

TEST(PayloadLimit, DoesNotBlameASizeThatWentThroughBefore) {
    PayloadLimit limit;
    limit.acknowledged(200'000);

    EXPECT_FALSE(limit.lostWith(200'000));
    EXPECT_EQ(limit.value(), PayloadLimit::kNone);
}

TEST(PayloadLimit, NeverGoesBelowWhatWentThrough) {
    PayloadLimit limit;
    limit.acknowledged(200'000);

    EXPECT_TRUE(limit.lostWith(250'000));
    EXPECT_EQ(limit.value(), 200'000u);
}

TEST(PayloadLimit, NeverGrowsAgain) {
    PayloadLimit limit;
    limit.lostWith(100'000);

    EXPECT_FALSE(limit.lostWith(500'000));
    EXPECT_EQ(limit.value(), 50'000u);
}

TEST(PayloadLimit, DoesNotBlameTheSizeOfWhatIsSmall) {
    PayloadLimit limit;

    EXPECT_FALSE(limit.lostWith(8192));
    EXPECT_TRUE(limit.lostWith(10'000));
    EXPECT_EQ(limit.value(), 8u * 1024);
}

}  // namespace
}  // namespace edge
