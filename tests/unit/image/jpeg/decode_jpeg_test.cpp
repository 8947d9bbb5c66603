// SPDX-License-Identifier: MIT
#include <random>

#include "image/frame.hpp"
#include "unit/image/test_pictures.hpp"

namespace edge {
namespace {

std::vector<std::uint8_t> goodJpeg() {
    return toVector(JpegRenderer().render(makeYuv420(96, 64).view, optionsFor(96, 64))->jpeg);
}

TEST(DecodeJpeg, GivesFullRangePlanes) {
    const DecodedImage image = decode(goodJpeg());

    EXPECT_EQ(image.view.format, PixelFormat::kYuv420);
    EXPECT_EQ(image.view.range, ColorRange::kFull);
    EXPECT_TRUE(checkFrame(image.view));
    expectColour(quarter(image, 0), kRed, "decoded");
}

TEST(DecodeJpeg, Takes422) {
    const auto jpeg = JpegRenderer().render(makeFrame(PixelFormat::kYuyv, 96, 64).view, optionsFor(96, 64))->jpeg;
    const DecodedImage image = decode(jpeg);
    EXPECT_EQ(image.view.format, PixelFormat::kYuv420);
    expectColour(quarter(image, 3), kWhite, "4:2:2");
}

TEST(DecodeJpeg, TakesGrey) {
    TestFrame frame = makeYuv420(96, 64);
    frame.view.format = PixelFormat::kGrey8;
    const DecodedImage image = decode(JpegRenderer().render(frame.view, optionsFor(96, 64))->jpeg);
    EXPECT_EQ(image.view.format, PixelFormat::kGrey8);
}

TEST(DecodeJpeg, RefusesOneThatIsCutOffAnywhere) {
    const auto jpeg = goodJpeg();
    for (std::size_t bytes = 0; bytes + 2 < jpeg.size(); ++bytes) {
        EXPECT_FALSE(decodeJpeg(std::span(jpeg).first(bytes))) << bytes;
    }
}

TEST(DecodeJpeg, RefusesABombBeforeItAllocates) {
    auto jpeg = goodJpeg();
    for (std::size_t i = 0; i + 8 < jpeg.size(); ++i) {
        if (jpeg[i] == 0xFF && jpeg[i + 1] == 0xC0) {
            jpeg[i + 5] = 0xFF;
            jpeg[i + 7] = 0xFF;
            break;
        }
    }
    EXPECT_EQ(decodeJpeg(jpeg).error().code, Errc::kFault);
}

TEST(DecodeJpeg, SurvivesWhateverItIsGiven) {
    constexpr int kInputs = 20'000;
    const auto good = goodJpeg();
    std::mt19937 random(20261121);
    int decoded = 0;
    for (int i = 0; i < kInputs; ++i) {
        auto bytes = good;
        const int edits = 1 + static_cast<int>(random() % 8);
        for (int e = 0; e < edits; ++e) bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
        if (random() % 4 == 0) bytes.resize(random() % bytes.size());
        const auto image = decodeJpeg(bytes);
        if (!image) {
            EXPECT_FALSE(image.error().message.empty());
            continue;
        }
        ++decoded;
        ASSERT_TRUE(checkFrame(image->view));
    }
    EXPECT_GT(decoded, 0) << "not all damage can be seen";
}

}  // namespace
}  // namespace edge
