// SPDX-License-Identifier: MIT
#include "image/pixels/geometry.hpp"

#include <gtest/gtest.h>

namespace edge {
namespace {

TEST(Geometry, CutsInTheMiddleAndEven) {
    EXPECT_EQ(centreCrop(640, 480, 640, 480), (Crop{0, 0, 640, 480}));
    EXPECT_EQ(centreCrop(640, 480, 320, 240), (Crop{0, 0, 640, 480}));
    EXPECT_EQ(centreCrop(640, 480, 480, 480), (Crop{80, 0, 480, 480}));
    EXPECT_EQ(centreCrop(640, 480, 640, 240), (Crop{0, 120, 640, 240}));
    for (int width = 64; width < 400; width += 3) {
        for (int height = 64; height < 400; height += 5) {
            const Crop crop = centreCrop(width, height, 160, 90);
            EXPECT_GE(crop.x, 0);
            EXPECT_GE(crop.y, 0);
            EXPECT_LE(crop.x + crop.width, width);
            EXPECT_LE(crop.y + crop.height, height);
            EXPECT_EQ(crop.x % 2, 0);
            EXPECT_EQ(crop.y % 2, 0);
        }
    }
}

TEST(Geometry, TurnsCombine) {
    EXPECT_EQ(combine(toTransform(90, Flip::kNone), toTransform(90, Flip::kNone)), toTransform(180, Flip::kNone));
    EXPECT_EQ(combine(toTransform(90, Flip::kNone), toTransform(270, Flip::kNone)), Transform{});
    EXPECT_EQ(combine(toTransform(270, Flip::kNone), toTransform(180, Flip::kNone)), toTransform(90, Flip::kNone));
    for (const int rotation : {0, 90, 180, 270}) {
        for (const Flip flip : {Flip::kHorizontal, Flip::kVertical}) {
            const Transform mirror = toTransform(0, flip);
            EXPECT_EQ(combine(toTransform(rotation, Flip::kNone), mirror), toTransform(rotation, flip)) << rotation;
            EXPECT_EQ(combine(mirror, mirror), Transform{});
        }
    }
}

TEST(Geometry, TextThatCannotBeDrawnIsReplaced) {
    EXPECT_EQ(drawableText("kitchen"), "kitchen");
    EXPECT_EQ(drawableText("küche\n온도"), "k?che ??");
    EXPECT_EQ(drawableText(std::string(1000, 'x')).size(), 256U);
}

}  // namespace
}  // namespace edge
