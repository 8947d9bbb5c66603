// SPDX-License-Identifier: MIT
#include "services/gpio/debounce.hpp"

#include <gtest/gtest.h>

namespace edge {
namespace {

constexpr milliseconds kPeriod{20};

SteadyTime at(int ms) {
    return SteadyTime{milliseconds{1000 + ms}};
}

TEST(Debounce, AcceptsAStateThatStandsStillForThePeriod) {
    Debounce debounce(kPeriod, false);

    EXPECT_FALSE(debounce.edge(true, at(0)));
    EXPECT_EQ(debounce.deadline(), at(20));
    EXPECT_FALSE(debounce.settle(at(19)));
    EXPECT_TRUE(debounce.settle(at(20)));
    EXPECT_TRUE(debounce.settled());
    EXPECT_EQ(debounce.deadline(), std::nullopt);
}

TEST(Debounce, TakesABounceBurstForOnePress) {
    Debounce debounce(kPeriod, false);
    int changes = 0;

    for (int ms = 0; ms <= 40; ++ms) {
        if (debounce.edge(ms % 2 == 0, at(ms))) ++changes;
    }
    if (debounce.settle(at(60))) ++changes;

    EXPECT_EQ(changes, 1);
    EXPECT_TRUE(debounce.settled());
}

TEST(Debounce, IgnoresAGlitchShorterThanThePeriod) {
    Debounce debounce(kPeriod, false);

    EXPECT_FALSE(debounce.edge(true, at(0)));
    EXPECT_FALSE(debounce.edge(false, at(19)));
    EXPECT_EQ(debounce.deadline(), std::nullopt);
    EXPECT_FALSE(debounce.settle(at(500)));
}

TEST(Debounce, SeesAPressAndReleaseThatAreReadLate) {
    Debounce debounce(kPeriod, false);

    EXPECT_FALSE(debounce.edge(true, at(0)));
    EXPECT_TRUE(debounce.edge(false, at(100)));
    EXPECT_TRUE(debounce.settled());
    EXPECT_TRUE(debounce.settle(at(500)));
    EXPECT_FALSE(debounce.settled());
}

TEST(Debounce, CountsEveryEdgeWithoutAPeriod) {
    Debounce debounce(nanoseconds{0}, false);

    for (const bool active : {true, false, true}) {
        EXPECT_TRUE(debounce.edge(active, at(0)));
        EXPECT_EQ(debounce.settled(), active);
    }
    EXPECT_EQ(debounce.deadline(), std::nullopt);
}

TEST(Debounce, RestartsTheClockWhereAnEdgeWasDropped) {
    Debounce debounce(kPeriod, false);

    EXPECT_FALSE(debounce.edge(true, at(0)));
    EXPECT_FALSE(debounce.edge(true, at(15)));
    EXPECT_FALSE(debounce.settle(at(20)));
    EXPECT_TRUE(debounce.settle(at(35)));
}

TEST(Debounce, GivesALevelWithoutAnEdgeItsWholePeriod) {
    Debounce debounce(kPeriod, false);

    EXPECT_FALSE(debounce.edge(true, at(0)));
    debounce.missedEdge(false, at(20));
    EXPECT_FALSE(debounce.settle(at(20)));
    debounce.missedEdge(true, at(30));
    EXPECT_FALSE(debounce.settle(at(49)));
    EXPECT_TRUE(debounce.settle(at(50)));
}

TEST(Debounce, SurvivesTimesThatRunBackwards) {
    Debounce debounce(nanoseconds{0}, false);

    EXPECT_TRUE(debounce.edge(true, at(10)));
    EXPECT_TRUE(debounce.edge(false, at(5)));
    EXPECT_FALSE(debounce.settled());
}

TEST(Debounce, KeepsAnInputThatNeverRestsAsItWas) {
    Debounce debounce(kPeriod, false);

    for (int ms = 0; ms < 5000; ms += 5) {
        EXPECT_FALSE(debounce.edge(ms % 10 == 0, at(ms)));
        EXPECT_FALSE(debounce.settle(at(ms + 4)));
    }
    EXPECT_FALSE(debounce.settled());
}

}  // namespace
}  // namespace edge
