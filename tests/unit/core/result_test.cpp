// SPDX-License-Identifier: MIT
#include "core/result.hpp"

#include <memory>

#include <gtest/gtest.h>

namespace edge {
namespace {

Result<void> check(bool isGood) {
    if (!isGood) return fail(Errc::kBusy, "somebody else uses it");
    return {};
}

Result<std::unique_ptr<int>> make(bool isGood) {
    TRY(check(isGood));
    return std::make_unique<int>(3);
}

Result<int> twice(bool isGood) {
    const std::unique_ptr<int> made = TRY(make(isGood));
    return 2 * *made;
}

TEST(Try, GivesTheValueAlsoOfWhatCannotBeCopied) {
    EXPECT_EQ(twice(true), 6);
}

TEST(Try, ReturnsTheErrorAsItIs) {
    const auto result = twice(false);

    ASSERT_FALSE(result);
    EXPECT_EQ(result.error(), (Error{Errc::kBusy, "somebody else uses it"}));
}

}  // namespace
}  // namespace edge
