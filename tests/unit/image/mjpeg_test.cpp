// SPDX-License-Identifier: MIT
#include <algorithm>

#include "image/jpeg_layout.hpp"
#include "test_pictures.hpp"

namespace edge {
namespace {

/// A camera that gives JPEGs: what it sent, and what is made of it.
class Mjpeg : public ::testing::Test {
  protected:
    Mjpeg() { camera = toVector(JpegRenderer().render(makeYuv420(160, 120).view, optionsFor(160, 120, 80))->jpeg); }

    static FrameView viewOf(const std::vector<std::uint8_t>& jpeg) {
        FrameView view{PixelFormat::kMjpeg, ColorRange::kFull, 160, 120, {}};
        view.planes[0] = {jpeg.data(), jpeg.size(), 0};
        return view;
    }
    static Result<RenderedJpeg> render(const std::vector<std::uint8_t>& jpeg, int quality = 90) {
        RenderOptions options = optionsFor(160, 120, quality);
        options.exif.model = "webcam";
        return JpegRenderer().render(viewOf(jpeg), options);
    }
    static std::vector<std::uint8_t> scansOf(std::span<const std::uint8_t> jpeg) {
        const auto layout = parseJpeg(jpeg);
        EXPECT_TRUE(layout);
        return {jpeg.begin() + static_cast<std::ptrdiff_t>(layout->scanBegin),
                jpeg.begin() + static_cast<std::ptrdiff_t>(layout->end)};
    }
    /// As AVI has it: the standard tables are meant, and left out.
    static std::vector<std::uint8_t> withoutHuffmanTables(std::vector<std::uint8_t> jpeg) {
        const auto layout = parseJpeg(jpeg);
        EXPECT_TRUE(layout);
        for (auto segment = layout->headers.rbegin(); segment != layout->headers.rend(); ++segment) {
            if (segment->marker != 0xC4) continue;
            jpeg.erase(jpeg.begin() + static_cast<std::ptrdiff_t>(segment->begin),
                       jpeg.begin() + static_cast<std::ptrdiff_t>(segment->end));
        }
        return jpeg;
    }

    std::vector<std::uint8_t> camera;
};

TEST_F(Mjpeg, PassesByteForByteWhereNothingHasToChange) {
    const auto jpeg = render(camera);
    ASSERT_TRUE(jpeg) << jpeg.error().message;

    EXPECT_EQ(scansOf(jpeg->jpeg), scansOf(camera));
    EXPECT_EQ(jpeg->quality, 80);
    EXPECT_EQ(jpeg->reduced, "");
}

TEST_F(Mjpeg, GetsItsMissingHuffmanTables) {
    const auto bare = withoutHuffmanTables(camera);
    ASSERT_LT(bare.size(), camera.size());
    const auto jpeg = render(bare);
    ASSERT_TRUE(jpeg) << jpeg.error().message;

    EXPECT_EQ(scansOf(jpeg->jpeg), scansOf(camera));
    expectColour(quarter(decode(jpeg->jpeg), 1), kGreen, "with tables");
}

TEST_F(Mjpeg, MayBeFollowedByPadding) {
    std::vector<std::uint8_t> padded = camera;
    padded.resize(padded.size() + 1000, 0);
    const auto jpeg = render(padded);
    ASSERT_TRUE(jpeg);
    EXPECT_EQ(scansOf(jpeg->jpeg), scansOf(camera));
}

TEST_F(Mjpeg, IsEncodedAgainForALowerQuality) {
    const auto jpeg = render(camera, 40);
    ASSERT_TRUE(jpeg);
    EXPECT_EQ(jpeg->quality, 40);
    EXPECT_NE(scansOf(jpeg->jpeg), scansOf(camera));
}

TEST_F(Mjpeg, IsTurnedAndScaledLikeAnyOther) {
    RenderOptions options = optionsFor(120, 160);
    options.rotation = 90;
    const auto jpeg = JpegRenderer().render(viewOf(camera), options);
    ASSERT_TRUE(jpeg);
    const DecodedImage image = decode(jpeg->jpeg);
    EXPECT_EQ(image.view.width, 120);
    expectColour(quarter(image, 0), kBlue, "turned");
}

TEST_F(Mjpeg, ThatIsCutOffIsRefusedWhereverTheCutIs) {
    for (std::size_t bytes = 0; bytes + 2 < camera.size(); bytes += 7) {
        const std::vector<std::uint8_t> cut(camera.begin(), camera.begin() + static_cast<std::ptrdiff_t>(bytes));
        const auto jpeg = render(cut);
        ASSERT_FALSE(jpeg) << "cut after " << bytes;
        EXPECT_EQ(jpeg.error().code, Errc::kInvalid);
    }
}

TEST_F(Mjpeg, WhatIsNoJpegIsRefused) {
    for (const std::vector<std::uint8_t>& bytes :
         {std::vector<std::uint8_t>{}, {0xFF, 0xD8}, {0xFF, 0xD8, 0xFF, 0xD9}, std::vector<std::uint8_t>(5000, 0xFF)}) {
        EXPECT_EQ(render(bytes).error().code, Errc::kInvalid);
    }
}

}  // namespace
}  // namespace edge
