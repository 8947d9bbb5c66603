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

}  // namespace
}  // namespace edge
