// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include <gtest/gtest.h>

#include "core/text.hpp"
#include "core/time/time.hpp"

namespace edge {
namespace {

TEST(Format, LocalTimeFollowsAChangeOfTheTimeZone) {
    const WallTime time = *parseRfc3339("2026-11-20T09:30:00.999Z");

    ::setenv("TZ", "Europe/Berlin", 1);
    EXPECT_EQ(formatLocalTime(time), "2026-11-20 10:30:00");
    ::setenv("TZ", "Asia/Seoul", 1);
    EXPECT_EQ(formatLocalTime(time), "2026-11-20 18:30:00");
    ::unsetenv("TZ");
}

TEST(Format, DecimalsAreAlwaysAsManyAsWanted) {
    EXPECT_EQ(formatDecimal(21, 3), "21.000");
    EXPECT_EQ(formatDecimal(0.1 + 0.2, 3), "0.300");
    EXPECT_EQ(formatDecimal(-0.0001, 3), "0.000");
    EXPECT_EQ(formatDecimal(-21.5, 0), "-22");
}

}  // namespace
}  // namespace edge
