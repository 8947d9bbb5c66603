// SPDX-License-Identifier: MIT
#include "config/schema/nesting.hpp"

#include <string>

#include <gtest/gtest.h>

#include "unit/config/reading.hpp"

namespace edge {
namespace {

std::string times(int count, const std::string& text) {
    std::string out;
    for (int i = 0; i < count; ++i) out += text;
    return out;
}

TEST(Nesting, CountsBracketsAndDottedKeysTogether) {
    EXPECT_EQ(tooDeepLine("a.b.c = 1\n", 2), 0);
    EXPECT_EQ(tooDeepLine("x = 1\na.b.c.d = 1\n", 2), 2);
    EXPECT_EQ(tooDeepLine("a = [[[1]]]\n", 2), 1);
    EXPECT_EQ(tooDeepLine("a = {b.c = {d.e = 1}}\n", 4), 0);
    EXPECT_EQ(tooDeepLine("a = {b.c = {d.e = 1}}\n", 3), 1);
}

TEST(Nesting, StartsAgainOnEachLineAndForEachElement) {
    EXPECT_EQ(tooDeepLine("a.b = 1\nc.d = 1\n", 1), 0);
    EXPECT_EQ(tooDeepLine("a = [1.5, 2.5, 3.5]\n", 2), 0);
    EXPECT_EQ(tooDeepLine("[a.b]\n[c.d]\n", 2), 0);
}

TEST(Nesting, DoesNotCountInStringsAndComments) {
    EXPECT_EQ(tooDeepLine("a = \"....\" # ....\nb = '....'\nc = \"\\\"....\"\n", 1), 0);
    EXPECT_EQ(tooDeepLine("a = \"\"\"\n....\n\"\"\"\nb = '''\n....'''\n", 1), 0);
    EXPECT_EQ(tooDeepLine("a = \"\"\"\n....\n\"\"\"\nb.c.d = 1\n", 1), 4);
}

TEST(Nesting, IsAMistakeInAFileAndNotACrash) {
    const std::string wanted = "agent.toml:2: nested too deeply, allowed are 64 levels";
    EXPECT_EQ(mistakesOf("\na" + times(300'000, ".a") + " = 1\n"), wanted);
    EXPECT_EQ(mistakesOf("\n[a" + times(300'000, ".a") + "]\n"), wanted);
    EXPECT_EQ(mistakesOf("\na = " + times(300'000, "[") + "\n"), wanted);
    EXPECT_EQ(mistakesOf("\na = " + times(100'000, "{a.a=")), wanted);
    EXPECT_EQ(mistakesOf("\na" + times(300'000, ".\"a\"") + " = 1\n"), wanted);
}

}  // namespace
}  // namespace edge
