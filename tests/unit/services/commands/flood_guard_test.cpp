// SPDX-License-Identifier: MIT
#include "services/commands/flood_guard.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "fakes/manual_loop.hpp"

namespace edge {
namespace {

TEST(FloodGuard, CountsBySecondAndInTotal) {
    ManualLoop loop;
    std::vector<std::uint64_t> perSecond;
    std::vector<std::uint64_t> totals;
    FloodGuard guard(
        loop, [&](std::uint64_t n) { perSecond.push_back(n); }, [&](std::uint64_t n) { totals.push_back(n); });

    for (int i = 0; i < 500; ++i) guard.refuse();
    loop.advance(milliseconds{999});
    EXPECT_TRUE(perSecond.empty());
    loop.advance(milliseconds{1});
    guard.refuse();
    loop.advance(seconds{2});

    EXPECT_EQ(perSecond, (std::vector<std::uint64_t>{500, 1}));
    EXPECT_EQ(totals, (std::vector<std::uint64_t>{501}));

    guard.refuse();
    loop.advance(seconds{2});
    EXPECT_EQ(totals, (std::vector<std::uint64_t>{501, 1}));
}

}  // namespace
}  // namespace edge
