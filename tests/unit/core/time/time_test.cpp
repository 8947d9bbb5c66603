// SPDX-License-Identifier: MIT
#include "core/time/time.hpp"

#include <gtest/gtest.h>

namespace edge {
namespace {

WallTime at(std::int64_t ms) {
    return WallTime{milliseconds{ms}};
}

TEST(Rfc3339, FormatsUtcWithMilliseconds) {
    EXPECT_EQ(formatRfc3339(at(0)), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(formatRfc3339(at(1'795'167'000'123)), "2026-11-20T09:30:00.123Z");
    EXPECT_EQ(formatRfc3339(WallTime{nanoseconds{1'999'999}}), "1970-01-01T00:00:00.001Z");
    EXPECT_EQ(formatRfc3339(at(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(Rfc3339, ReadsBackWhatItWrites) {
    for (const std::int64_t ms : {0LL, 951'782'400'000LL, 1'795'167'000'123LL, 4'102'444'799'999LL}) {
        EXPECT_EQ(parseRfc3339(formatRfc3339(at(ms))), at(ms));
    }
}

TEST(Rfc3339, TakesOffsetsAndAnyFraction) {
    const WallTime expected = at(1'795'167'000'000);

    EXPECT_EQ(parseRfc3339("2026-11-20T09:30:00Z"), expected);
    EXPECT_EQ(parseRfc3339("2026-11-20T18:30:00+09:00"), expected);
    EXPECT_EQ(parseRfc3339("2026-11-20t04:00:00.000-05:30"), expected);
    EXPECT_EQ(parseRfc3339("2026-11-20T09:30:00.5Z"), expected + milliseconds{500});
    EXPECT_EQ(parseRfc3339("2026-11-20T09:30:00.123456789Z"), expected + milliseconds{123});
}

TEST(Rfc3339, RefusesEverythingElse) {
    for (const char* text :
         {"", "now", "2026-11-20", "2026-11-20T09:30:00", "2026-11-20T09:30Z", "2026-13-01T00:00:00Z",
          "2026-02-29T00:00:00Z", "2026-11-20T24:00:00Z", "2026-11-20T09:60:00Z", "2026-11-20T09:30:61Z",
          "2026-11-20T09:30:00.Z", "2026-11-20T09:30:00Z ", "2026-11-20T09:30:00+9:00", "+2026-11-20T09:30:00Z",
          "2026-11-20T09:30:00+24:00", "20x6-11-20T09:30:00Z"}) {
        EXPECT_EQ(parseRfc3339(text), std::nullopt) << text;
    }
}

TEST(Rfc3339, WhatDoesNotFitBecomesTheNearestTimeThatDoes) {
    const auto last = parseRfc3339("9999-12-31T23:59:59Z");
    const auto first = parseRfc3339("0001-01-01T00:00:00Z");
    ASSERT_TRUE(last && first);
    EXPECT_EQ(formatRfc3339(*last), "2262-04-11T23:47:16.854Z");
    EXPECT_EQ(formatRfc3339(*first), "1677-09-21T00:12:43.146Z");
    EXPECT_EQ(parseRfc3339("2262-04-11T23:47:16.854Z"), *last);
}

TEST(Duration, WhatIsTooLongBecomesTheLongest) {
    for (const char* text : {"99999999999999999999s", "9223372036854775807d", "9223372036854775807ms"}) {
        EXPECT_EQ(parseDuration(text), milliseconds::max()) << text;
    }
    EXPECT_EQ(parseDuration("-99999999999999999999s"), std::nullopt);
    EXPECT_EQ(parseDuration("99999999999999999999"), std::nullopt);
}

TEST(Duration, ReadsEveryUnit) {
    EXPECT_EQ(parseDuration("250ms"), milliseconds{250});
    EXPECT_EQ(parseDuration("2s"), seconds{2});
    EXPECT_EQ(parseDuration("5m"), std::chrono::minutes{5});
    EXPECT_EQ(parseDuration("1h"), std::chrono::hours{1});
    EXPECT_EQ(parseDuration("7d"), std::chrono::hours{168});
    EXPECT_EQ(parseDuration("0s"), milliseconds{0});
}

TEST(Duration, RefusesWhatIsNoWholeNumberWithAUnit) {
    for (const char* text :
         {"", "s", "2", "2 s", " 2s", "2S", "-2s", "-0s", "+2s", "2.5s", "2sec", "1e3s", "0x10s", "2s\n"}) {
        EXPECT_EQ(parseDuration(text), std::nullopt) << text;
    }
}

TEST(Duration, FormatsInTheLargestExactUnit) {
    EXPECT_EQ(formatDuration(milliseconds{0}), "0s");
    EXPECT_EQ(formatDuration(milliseconds{100}), "100ms");
    EXPECT_EQ(formatDuration(milliseconds{1500}), "1500ms");
    EXPECT_EQ(formatDuration(seconds{90}), "90s");
    EXPECT_EQ(formatDuration(std::chrono::hours{24}), "1d");
}

TEST(Rfc3339, RefusesAWrongFieldBeforeAFraction) {
    EXPECT_EQ(parseRfc3339("x026-11-20T09:30:00.123Z"), std::nullopt);
    EXPECT_EQ(parseRfc3339("2026-11-20T09:30:x0.123456Z"), std::nullopt);
    EXPECT_EQ(parseRfc3339(".5"), std::nullopt);
}

}  // namespace
}  // namespace edge
