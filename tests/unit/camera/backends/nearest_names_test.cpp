// SPDX-License-Identifier: MIT
#include "camera/backends/nearest_names.hpp"

#include <gtest/gtest.h>

namespace edge {
namespace {

TEST(NearestNames, PutsTheLikeliestFirstWhateverTheCase) {
    const std::string names = nearestNames("brigthness", {"AeEnable", "Sharpness", "Brightness", "ExposureTime"});

    EXPECT_EQ(names.rfind("the nearest are Brightness, Sharpness", 0), 0U) << names;
}

TEST(NearestNames, SaysWhenThereIsNone) {
    EXPECT_EQ(nearestNames("x", {}), "it has none at all");
}

}  // namespace
}  // namespace edge
