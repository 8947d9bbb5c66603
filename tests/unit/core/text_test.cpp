// SPDX-License-Identifier: MIT
#include "core/text.hpp"

#include <gtest/gtest.h>

namespace edge {
namespace {

TEST(Utf8, AcceptsWellFormedText) {
    for (const char* text : {"", "start", "온도", "°C", "😀", "\x7f", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
        EXPECT_TRUE(isValidUtf8(text)) << text;
    }
    EXPECT_TRUE(isValidUtf8(std::string_view("a\0b", 3)));
}

TEST(Utf8, RefusesOverlongSurrogatesAndCutSequences) {
    for (const char* text : {"\xff", "\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                             "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "ok\xc3", "\xc3(", "\xf0\x9f\x98"}) {
        EXPECT_FALSE(isValidUtf8(text));
    }
}

TEST(Text, TrimsAsciiWhiteSpaceOnly) {
    EXPECT_EQ(trim(" \t\r\n start \n"), "start");
    EXPECT_EQ(trim("\n\n"), "");
    EXPECT_EQ(trim(""), "");
    EXPECT_EQ(trim("a b"), "a b");
}

TEST(Text, LowersAsciiLettersOnly) {
    EXPECT_EQ(toLower("StArT Ä"), "start Ä");
}

TEST(Printable, EscapesControlCharactersAndBrokenBytes) {
    EXPECT_EQ(printable("a\nb\x1b[31m"), "a\\x0ab\\x1b[31m");
    EXPECT_EQ(printable("\xff!"), "\\xff!");
    EXPECT_EQ(printable("온도"), "온도");
}

TEST(Printable, EscapesWhatChangesATerminalOrShowsNothing) {
    EXPECT_EQ(printable("\xC2\x9B"
                        "31m"),
              "\\u{9b}31m");                                                   // C1: a control sequence in one byte
    EXPECT_EQ(printable("a\x7F"), "a\\x7f");                                   // delete
    EXPECT_EQ(printable("\xE2\x80\xAEtrats"), "\\u{202e}trats");               // right-to-left override
    EXPECT_EQ(printable("\xE2\x81\xA6x\xE2\x81\xA9"), "\\u{2066}x\\u{2069}");  // isolates
    EXPECT_EQ(printable("st\xE2\x80\x8B"
                        "op"),
              "st\\u{200b}op");                                 // zero width
    EXPECT_EQ(printable("\xEF\xBB\xBFstop"), "\\u{feff}stop");  // byte order mark
    EXPECT_EQ(printable("a\xE2\x80\xA8"
                        "b"),
              "a\\u{2028}b");                                // line separator
    EXPECT_EQ(printable("\xF3\xA0\x81\x81"), "\\u{e0041}");  // a tag
    EXPECT_EQ(printable("온도 21 °C ❤️ 😀 ñ — …"), "온도 21 °C ❤️ 😀 ñ — …");
}

TEST(Printable, KeepsLinesWhereAskedTo) {
    EXPECT_EQ(printableLines("a\nb\x1b[2J\n온도\xC2\x85\xff"), "a\nb\\x1b[2J\n온도\\u{85}\\xff");
    EXPECT_EQ(printableLines(std::string(500, 'x')), std::string(500, 'x'));
}

TEST(Printable, EscapesInJsonWithoutChangingItsMeaning) {
    EXPECT_EQ(printableJson("{\"a\":\"\xC2\x9B\xE2\x80\xAE\xF3\xA0\x81\x81\x7F\"}\n"),
              "{\"a\":\"\\u009b\\u202e\\udb40\\udc41\\u007f\"}\n");
    EXPECT_EQ(printableJson("{\"온도\":1}"), "{\"온도\":1}");
}

TEST(Text, IsPlainWithoutControlsAndNoncharacters) {
    for (const char* plain : {"", "a b~", "온도", "\xC2\xA0", "\xE2\x80\x8B", "\xEE\x80\x80", "\xF0\x9F\x99\x82"})
        EXPECT_TRUE(isPlainText(plain)) << plain;
    for (const char* other : {"a\n", "\x1f", "\x7f", "\xC2\x80", "\xC2\x9F", "\xEF\xB7\x90", "\xEF\xBF\xBE",
                              "\xEF\xBF\xBF", "\xF0\x9F\xBF\xBE", "\xF4\x8F\xBF\xBF", "\xff"})
        EXPECT_FALSE(isPlainText(other)) << printable(other);
    EXPECT_FALSE(isPlainText(std::string_view("\0", 1)));
}

TEST(Text, MeasuresHowDeepJsonIs) {
    EXPECT_EQ(jsonDepth(""), 0U);
    EXPECT_EQ(jsonDepth("5"), 0U);
    EXPECT_EQ(jsonDepth(R"({"a":[1,{}],"b":[]})"), 3U);
    EXPECT_EQ(jsonDepth(R"({"[[[\"[{":"]]"})"), 1U);
    EXPECT_EQ(jsonDepth("]}[["), 2U);
    EXPECT_EQ(jsonDepth("\"[["), 0U);
}

TEST(Text, TrimsWhatCannotBeSeen) {
    EXPECT_EQ(trimInvisible("\xEF\xBB\xBFstart\r\n"), "start");
    EXPECT_EQ(trimInvisible(" \xE2\x80\x8B\xE2\x80\x8E {\"a\":1}\xE2\x80\x8B "), "{\"a\":1}");
    EXPECT_EQ(trimInvisible("\xC2\xA0start\xE3\x80\x80"), "start") << "no-break and ideographic space";
    EXPECT_EQ(trimInvisible("st\xE2\x80\x8Bop"), "st\xE2\x80\x8Bop");
    EXPECT_EQ(trimInvisible("온도"), "온도");
    EXPECT_EQ(trimInvisible("\xEF\xBB\xBF"), "");
    EXPECT_EQ(trimInvisible("\xff"), "\xff");
    EXPECT_EQ(trimInvisible("\x80\x80"), "\x80\x80");
}

TEST(Printable, CutsBetweenCharacters) {
    EXPECT_EQ(printable("온도", 4), "온…");
    EXPECT_EQ(printable("온도", 6), "온도");
    EXPECT_EQ(printable("abc", 0), "…");
}

TEST(ExpandId, ReplacesEveryPlaceholder) {
    EXPECT_EQ(expandId("site/7/{id}/temp/{id}", "pi-1"), "site/7/pi-1/temp/pi-1");
    EXPECT_EQ(expandId("edge", "pi"), "edge");
    EXPECT_EQ(expandId("{id}", "{id}"), "{id}");
}

TEST(ParseNumber, TakesTheWholeTextOrNothing) {
    EXPECT_EQ(parseNumber<int>("12"), 12);
    EXPECT_EQ(parseNumber<int>("-3"), -3);
    EXPECT_EQ(parseNumber<unsigned>("ff", 16), 255U);
    EXPECT_EQ(parseNumber<unsigned char>("256"), std::nullopt);
    for (const char* wrong : {"", " 1", "1 ", "+1", "0x1", "1.5", "one"})
        EXPECT_EQ(parseNumber<int>(wrong), std::nullopt) << wrong;
}

}  // namespace
}  // namespace edge
