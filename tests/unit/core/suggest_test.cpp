// SPDX-License-Identifier: MIT
#include "core/suggest.hpp"

#include <gtest/gtest.h>

namespace edge {
namespace {

TEST(Nearest, ForgivesATypingMistake) {
    EXPECT_EQ(nearest("sevrers", {"qos", "servers"}), "servers");
    EXPECT_EQ(nearest("Servers", {"qos", "servers"}), "servers");
    EXPECT_EQ(nearest("server", {"qos", "servers"}), "servers");
    EXPECT_EQ(nearest("qso", {"qos", "servers"}), "qos");
}

TEST(Nearest, KnowsOtherNames) {
    EXPECT_EQ(nearest("password", {"qos", "password_file"}), "password_file");
    EXPECT_EQ(nearest("Fake", {"replay", "pattern"}), "pattern");
    EXPECT_EQ(nearest("fake", {"w1", "simulated"}), "simulated");
}

TEST(Nearest, SaysNothingWhereNothingIsNear) {
    EXPECT_EQ(nearest("password", {"qos", "servers"}), "");
    EXPECT_EQ(nearest("x", {"qos", "id"}), "");
    EXPECT_EQ(nearest(std::string(1'000'000, 'a'), {"qos"}), "");
}

}  // namespace
}  // namespace edge
