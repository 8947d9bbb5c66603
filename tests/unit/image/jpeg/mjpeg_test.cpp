// SPDX-License-Identifier: MIT
#include <algorithm>

#include <fmt/format.h>

#include "image/jpeg/jpeg_layout.hpp"
#include "unit/image/test_pictures.hpp"

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
        std::vector<std::uint8_t> scans;
        for (const ByteRange& range : layout->body) {
            scans.insert(scans.end(), jpeg.begin() + static_cast<std::ptrdiff_t>(range.begin),
                         jpeg.begin() + static_cast<std::ptrdiff_t>(range.end));
        }
        return scans;
    }
    /// As AVI has it: the standard tables are meant, and left out.
    static std::vector<std::uint8_t> withoutHuffmanTables(std::vector<std::uint8_t> jpeg) {
        return without(marker::kDht, std::move(jpeg));
    }
    static std::vector<std::uint8_t> without(std::uint8_t marker, std::vector<std::uint8_t> jpeg) {
        const auto layout = parseJpeg(jpeg);
        EXPECT_TRUE(layout);
        for (auto segment = layout->headers.rbegin(); segment != layout->headers.rend(); ++segment) {
            if (segment->marker != marker) continue;
            jpeg.erase(jpeg.begin() + static_cast<std::ptrdiff_t>(segment->begin),
                       jpeg.begin() + static_cast<std::ptrdiff_t>(segment->end));
        }
        return jpeg;
    }

    std::vector<std::uint8_t> camera;
};

TEST_F(Mjpeg, WithAMaskNothingPassesUntouched) {
    RenderOptions options = optionsFor(160, 120);
    options.masks = {{0, 0, 50, 50}};
    const auto rendered = JpegRenderer().render(viewOf(camera), options);
    ASSERT_TRUE(rendered);
    const DecodedImage image = decode(rendered->jpeg);
    expectColour(quarter(image, 0), {0, 128, 128}, "masked");
    expectColour(quarter(image, 3), kWhite, "not masked");
}

TEST_F(Mjpeg, AMaskIsWhereTheUprightPictureHasIt) {
    for (const int orientation : {3, 6, 8}) {
        std::vector<std::uint8_t> jpeg = camera;
        const auto exif = exifWithOrientation(static_cast<std::uint8_t>(orientation));
        jpeg.insert(jpeg.begin() + 2, exif.begin(), exif.end());
        RenderOptions options = optionsFor(orientation == 3 ? 160 : 120, orientation == 3 ? 120 : 160);
        options.masks = {{0, 0, 50, 50}};
        const auto rendered = JpegRenderer().render(viewOf(jpeg), options);
        ASSERT_TRUE(rendered);
        const DecodedImage image = decode(rendered->jpeg);
        expectColour(quarter(image, 0), {0, 128, 128}, std::to_string(orientation));
        expectColour(quarter(image, 3), uprightQuarters(orientation)[3], std::to_string(orientation));
    }
}

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

TEST_F(Mjpeg, DoesNotTakeTablesFromTheFrameBeforeIt) {
    JpegRenderer renderer;
    for (const int quality : {90, 10}) {  // passed through, encoded again
        const RenderOptions options = optionsFor(160, 120, quality);
        ASSERT_TRUE(renderer.render(viewOf(camera), options));
        EXPECT_FALSE(renderer.render(viewOf(without(marker::kDqt, camera)), options));
    }
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
    options.transform = toTransform(90, Flip::kNone);
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
        EXPECT_EQ(jpeg.error().code, Errc::kFault);
    }
}

/// What webcams do to JPEGs that can be decoded all the same.
struct Quirk {
    const char* name;
    HandmadeJpeg jpeg;
};

std::vector<Quirk> quirks() {
    std::vector<Quirk> all(7);
    all[0].name = "none";
    all[1].name = "stray bytes before the restart markers";
    all[1].jpeg.beforeRestart = {0x12, 0x00, 0x56};
    all[2].name = "a stuffed byte before the restart markers";
    all[2].jpeg.beforeRestart = {0xFF, 0x00};
    all[3].name = "fill bytes before the restart markers, padding before the end";
    all[3].jpeg.beforeRestart = {0xFF, 0xFF};
    all[3].jpeg.beforeEnd.assign(500, 0);
    all[4].name = "a second SOI";
    all[4].jpeg.atStart = {0xFF, 0xD8};
    all[5].name = "zeros between segments";
    all[5].jpeg.betweenSegments.assign(5, 0);
    all[6].name = "stray bytes, and no Huffman tables";
    all[6].jpeg.beforeRestart = {0x55};
    all[6].jpeg.hasTables = false;
    return all;
}

void expectRows(const DecodedImage& image, const std::string& where) {
    ASSERT_EQ(image.view.width, 64) << where;
    const Plane& luma = image.view.planes[0];
    for (int row = 0; row < HandmadeJpeg::kRows; ++row) {
        const int found = luma.data[luma.strideBytes * static_cast<std::size_t>(row * 8 + 4) + 32];
        EXPECT_NEAR(found, HandmadeJpeg::brightness(row), 3) << where << ", row " << row;
    }
}

TEST_F(Mjpeg, WithTheQuirksOfWebcamsIsAPicture) {
    for (const auto& [name, jpeg] : quirks()) {
        const auto bytes = jpeg.bytes();
        RenderOptions options = optionsFor(64, 64, 100);
        const auto passed = JpegRenderer().render(viewOf(bytes), options);
        ASSERT_TRUE(passed) << name << ": " << passed.error().message;
        expectRows(decode(passed->jpeg), std::string("passed on, ") + name);
        options.quality = 60;
        const auto encoded = JpegRenderer().render(viewOf(bytes), options);
        ASSERT_TRUE(encoded) << name << ": " << encoded.error().message;
        expectRows(decode(encoded->jpeg), std::string("encoded again, ") + name);
        expectRows(decode(bytes), name);
    }
}

TEST_F(Mjpeg, IsPassedOnWithoutItsStrayBytes) {
    HandmadeJpeg quirky;
    quirky.beforeRestart = {0x12, 0x34};
    const auto clean = HandmadeJpeg{}.bytes();
    const auto jpeg = JpegRenderer().render(viewOf(quirky.bytes()), optionsFor(64, 64, 100));
    ASSERT_TRUE(jpeg) << jpeg.error().message;
    EXPECT_EQ(scansOf(jpeg->jpeg), scansOf(clean));
}

TEST_F(Mjpeg, WithStrayBytesIsStillRefusedWhereDataIsMissing) {
    for (int row = 0; row + 1 < HandmadeJpeg::kRows; ++row) {
        HandmadeJpeg lost;
        lost.beforeRestart = {0x12, 0x34};
        lost.lastRow = row;
        EXPECT_FALSE(render(lost.bytes())) << "ends after row " << row;
        EXPECT_FALSE(decodeJpeg(lost.bytes())) << "ends after row " << row;
        lost.lastRow = HandmadeJpeg::kRows - 1;
        lost.firstRow = row + 1;
        EXPECT_FALSE(render(lost.bytes())) << "begins with row " << row + 1;
    }
    HandmadeJpeg whole;
    whole.beforeRestart = {0x12, 0x34};
    const auto bytes = whole.bytes();
    for (std::size_t size = 0; size + 2 < bytes.size(); ++size) {
        const std::vector<std::uint8_t> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_FALSE(render(cut)) << "cut after " << size;
        EXPECT_FALSE(decodeJpeg(cut)) << "cut after " << size;
    }
}

TEST_F(Mjpeg, IsTurnedUprightAsItsExifSays) {
    for (std::uint8_t orientation = 1; orientation <= 8; ++orientation) {
        for (const bool isIntel : {true, false}) {
            std::vector<std::uint8_t> tagged = camera;
            const auto exif = exifWithOrientation(orientation, isIntel);
            tagged.insert(tagged.begin() + 2, exif.begin(), exif.end());
            const bool isLying = orientation >= 5;
            const int width = isLying ? 120 : 160;
            const int height = isLying ? 160 : 120;
            const auto check = [&](const RenderOptions& options, std::array<Colour, 4> expected, const char* how) {
                const auto jpeg = JpegRenderer().render(viewOf(tagged), options);
                ASSERT_TRUE(jpeg) << jpeg.error().message;
                EXPECT_EQ(jpeg->width, options.width);
                const DecodedImage image = decode(jpeg->jpeg);
                for (int i = 0; i < 4; ++i) {
                    expectColour(quarter(image, i), expected[static_cast<std::size_t>(i)],
                                 fmt::format("{}, orientation {}, quarter {}", how, orientation, i));
                }
            };
            const auto upright = uprightQuarters(orientation);
            const std::array<Colour, 4> clockwise{upright[2], upright[0], upright[3], upright[1]};
            check(optionsFor(width, height, 100), upright, "as it is");
            check(optionsFor(width, height, 50), upright, "encoded again");
            check(optionsFor(width / 2, height / 2, 100), upright, "smaller");
            RenderOptions rotated = optionsFor(height, width, 100);
            rotated.transform = toTransform(90, Flip::kNone);
            rotated.exif.model = "webcam";
            check(rotated, clockwise, "rotated");
            const DecodedImage image = decode(tagged);
            EXPECT_EQ(image.view.width, width);
            for (int i = 0; i < 4; ++i)
                expectColour(quarter(image, i), upright[static_cast<std::size_t>(i)], fmt::format("decoded, {}", i));
        }
    }
}

TEST_F(Mjpeg, WithADamagedExifBlockIsStillAPicture) {
    const auto exif = exifWithOrientation(6);
    for (std::size_t i = 10; i < exif.size(); ++i) {
        auto damaged = exif;
        damaged[i] = 0xFE;
        std::vector<std::uint8_t> tagged = camera;
        tagged.insert(tagged.begin() + 2, damaged.begin(), damaged.end());
        EXPECT_TRUE(render(tagged)) << i;
    }
}

TEST_F(Mjpeg, WhatIsNoJpegIsRefused) {
    for (const std::vector<std::uint8_t>& bytes :
         {std::vector<std::uint8_t>{}, {0xFF, 0xD8}, {0xFF, 0xD8, 0xFF, 0xD9}, std::vector<std::uint8_t>(5000, 0xFF)}) {
        EXPECT_EQ(render(bytes).error().code, Errc::kFault);
    }
}

}  // namespace
}  // namespace edge
