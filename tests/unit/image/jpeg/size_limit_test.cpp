// SPDX-License-Identifier: MIT
#include "unit/image/test_pictures.hpp"

namespace edge {
namespace {

Result<RenderedJpeg> renderNoise(std::size_t maxBytes, int quality = 95) {
    static const TestFrame frame = makeNoise(320, 240);
    RenderOptions options = optionsFor(320, 240, quality);
    options.maxBytes = maxBytes;
    options.exif.model = "a camera";
    return JpegRenderer().render(frame.view, options);
}

TEST(SizeLimit, IsNoneByDefaultAndNothingIsReduced) {
    const auto jpeg = renderNoise(RenderOptions::kNoLimit);
    ASSERT_TRUE(jpeg);
    EXPECT_EQ(jpeg->quality, 95);
    EXPECT_EQ(jpeg->reduced, "");
}

TEST(SizeLimit, LowersTheQualityFirst) {
    const std::size_t whole = renderNoise(RenderOptions::kNoLimit)->jpeg.size();
    const auto jpeg = renderNoise(whole * 2 / 3);
    ASSERT_TRUE(jpeg) << jpeg.error().message;

    EXPECT_LE(jpeg->jpeg.size(), whole * 2 / 3);
    EXPECT_GT(jpeg->jpeg.size(), whole / 2) << "no smaller than need be";
    EXPECT_EQ(jpeg->width, 320);
    EXPECT_NE(jpeg->reduced.find("quality 95 → "), std::string::npos) << jpeg->reduced;
}

TEST(SizeLimit, ThenTheSize) {
    const auto jpeg = renderNoise(6000);
    ASSERT_TRUE(jpeg) << jpeg.error().message;

    EXPECT_LE(jpeg->jpeg.size(), 6000U);
    EXPECT_LT(jpeg->width, 320);
    EXPECT_EQ(decode(jpeg->jpeg).view.width, jpeg->width);
    EXPECT_NE(jpeg->reduced.find("320x240 → "), std::string::npos) << jpeg->reduced;
}

TEST(SizeLimit, EveryLimitIsKeptOrRefused) {
    for (std::size_t limit = 100; limit < 120'000; limit = limit * 5 / 4) {
        const auto jpeg = renderNoise(limit);
        if (jpeg) {
            EXPECT_LE(jpeg->jpeg.size(), limit);
        } else {
            EXPECT_EQ(jpeg.error().code, Errc::kTooLarge);
            EXPECT_LT(limit, 3000U);
        }
    }
}

TEST(SizeLimit, WhatFitsIsLeftAlone) {
    const std::size_t whole = renderNoise(RenderOptions::kNoLimit)->jpeg.size();
    const auto jpeg = renderNoise(whole);
    ASSERT_TRUE(jpeg);
    EXPECT_EQ(jpeg->jpeg.size(), whole);
    EXPECT_EQ(jpeg->reduced, "");
}

}  // namespace
}  // namespace edge
