// SPDX-License-Identifier: MIT
#include "sensors/number.hpp"

#include <gtest/gtest.h>

namespace edge {
namespace {

TEST(Number, WholeNumbersAreWholeAndNothingElse) {
    EXPECT_EQ(parseWholeNumber("21437\n"), 21437);
    EXPECT_EQ(parseWholeNumber(" -5 "), -5);
    for (const char* text : {"", " ", "21.5", "21 437", "0x10", "+5", "5C", "nan", "99999999999999999999"}) {
        EXPECT_EQ(parseWholeNumber(text), std::nullopt) << text;
    }
}

TEST(Number, DecimalNumbersAreFinite) {
    EXPECT_EQ(parseDecimalNumber("21.5\n"), 21.5);
    EXPECT_EQ(parseDecimalNumber("-1e2"), -100.0);
    for (const char* text : {"", "nan", "inf", "-inf", "1e400", "21,5", "21.5 C", "--1", "1.2.3"}) {
        EXPECT_EQ(parseDecimalNumber(text), std::nullopt) << text;
    }
}

TEST(Number, TheFirstNumberOfATextIsFound) {
    EXPECT_EQ(findFirstNumber("23.5"), 23.5);
    EXPECT_EQ(findFirstNumber("temp=42.3'C\n"), 42.3);
    EXPECT_EQ(findFirstNumber("T: +21 °C"), 21.0);
    EXPECT_EQ(findFirstNumber("sensor1: -3.25"), -3.25);
    EXPECT_EQ(findFirstNumber(".5"), 0.5);
    EXPECT_EQ(findFirstNumber("21C"), 21.0);
}

TEST(Number, AWrongTemperatureIsWorseThanNone) {
    for (const char* text : {"", "sensor1", "23,5", "0x17", "1.2.3", "nan", "1e400", "21abc"}) {
        EXPECT_EQ(findFirstNumber(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace edge
