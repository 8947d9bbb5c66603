// SPDX-License-Identifier: MIT
#include "sensors/number.hpp"

#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace edge {
namespace {

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

TEST(Number, ANumberMayStandBesideUnitsAndSeparators) {
    const std::vector<std::pair<const char*, double>> texts = {{"21.5 °C", 21.5},
                                                               {"21.5°C", 21.5},
                                                               {"21.5\xb0"
                                                                "C",
                                                                21.5},
                                                               {"21.5℃", 21.5},
                                                               {"21.5\u00a0°C", 21.5},
                                                               {"21.5°", 21.5},
                                                               {"-3C\n", -3.0},
                                                               {"+4", 4.0},
                                                               {"21.5;45.0", 21.5},
                                                               {"21.5,45", 21.5},
                                                               {"room,21.5,45", 21.5},
                                                               {"21.5, 45", 21.5},
                                                               {"21 45", 21.0},
                                                               {"21\r\n22\r\n", 21.0},
                                                               {"(21.5)", 21.5},
                                                               {"[21.5, 22]", 21.5},
                                                               {"<t>21.5</t>", 21.5},
                                                               {"온도: 21.5", 21.5},
                                                               {"온도 21.5 °C", 21.5},
                                                               {"\ufeff21.5\n", 21.5},
                                                               {"ok.\n-5", -5.0},
                                                               {"It is 21.", 21.0},
                                                               {"out-2: 21.5", 21.5},
                                                               {"45%", 45.0},
                                                               {"DS18B20 = 21.5", 21.5},
                                                               {R"({"temperature":21.5,"humidity":45})", 21.5},
                                                               {"1e1", 10.0}};
    for (const auto& [text, number] : texts) EXPECT_EQ(findFirstNumber(text), number) << text;
}

TEST(Number, AMinusThatIsNotOneIsNoNumber) {
    for (const char* text : {"\u221221.5", "\u2212 21.5", "\u201321.5", "\u201421.5", "\uff0d21.5", "T: \u221221.5 °C",
                             "- 21.5", "T-21.5", "T=+-3", "--3", "temp - 21.5"}) {
        EXPECT_EQ(findFirstNumber(text), std::nullopt) << text;
    }
}

TEST(Number, SeparatorsThatCanBeReadInTwoWaysMakeNoNumber) {
    for (const char* text : {"23,5", "1,234.5", "1.234,5", "1 234", "1 234.5", "-1 234", "1'234.5", "1\u00a0234",
                             "1\u202f234", "1_234", "21·5", "21\uff0c5", "21\u066b5", "1.234.567", "21 ,5", "21 .5"}) {
        EXPECT_EQ(findFirstNumber(text), std::nullopt) << text;
    }
}

TEST(Number, NumbersOfAnotherKindAreNone) {
    for (const char* text : {"0x17",
                             "0x1p3",
                             "1F",
                             "17h",
                             "12:30 21.5",
                             "2026-11-27 21.5",
                             "27/11 21.5",
                             "28-0316a2794b3f 21.5",
                             "T[0]=21.5",
                             "T(1): 21.5",
                             "sensor 1: 21.5",
                             "sensor 1 = 21.5",
                             "#1 21.5",
                             "$21.5",
                             "<21.5",
                             "> 125",
                             "~21",
                             "21\u00bd",
                             "21\uff15",
                             "70F",
                             "70°F",
                             "21.5V",
                             "21.5도",
                             "T21.5",
                             "T21.5 45"}) {
        EXPECT_EQ(findFirstNumber(text), std::nullopt) << text;
    }
}

TEST(Number, Utf16IsNoNumber) {
    using namespace std::string_view_literals;
    for (const std::string_view text : {"2\0001\000.\0005\000"sv,
                                        "\xff\xfe"
                                        "2\0001\000.\0005\000"sv,
                                        "\0002\0001\000.\0005"sv, "\xfe\xff\0002\0001\000.\0005"sv}) {
        EXPECT_EQ(findFirstNumber(text), std::nullopt);
    }
}

TEST(Number, AWrongTemperatureIsWorseThanNone) {
    for (const char* text : {"", "sensor1", "23,5", "0x17", "1.2.3", "nan", "1e400", "21abc"}) {
        EXPECT_EQ(findFirstNumber(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace edge
