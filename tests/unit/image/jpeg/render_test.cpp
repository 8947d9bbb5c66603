// SPDX-License-Identifier: MIT
#include <cmath>

#include "unit/image/test_pictures.hpp"

namespace edge {
namespace {

constexpr int kWidth = 160;
constexpr int kHeight = 120;

RenderedJpeg render(const FrameView& frame, const RenderOptions& options) {
    auto result = JpegRenderer().render(frame, options);
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    return result ? std::move(*result) : RenderedJpeg{};
}

TEST(Render, EveryFormatHasItsColoursInTheRightPlaces) {
    for (const PixelFormat format :
         {PixelFormat::kYuv420, PixelFormat::kNv12, PixelFormat::kNv21, PixelFormat::kYuyv, PixelFormat::kUyvy,
          PixelFormat::kRgb888, PixelFormat::kBgr888, PixelFormat::kXrgb8888, PixelFormat::kXbgr8888}) {
        const TestFrame frame = makeFrame(format, kWidth, kHeight);
        const DecodedImage image = decode(render(frame.view, optionsFor(kWidth, kHeight)).jpeg);
        const std::array<Colour, 4> expected{kRed, kGreen, kBlue, kWhite};
        for (int i = 0; i < 4; ++i) {
            expectColour(quarter(image, i), expected[static_cast<std::size_t>(i)],
                         "format " + std::to_string(static_cast<int>(format)) + " quarter " + std::to_string(i));
        }
    }
}

TEST(Render, TurnsAndFlipsEveryFormat) {
    struct Case {
        int rotation;
        Flip flip;
        std::array<Colour, 4> expected;
    };
    const std::vector<Case> cases = {
        {90, Flip::kNone, {kBlue, kRed, kWhite, kGreen}},       {180, Flip::kNone, {kWhite, kBlue, kGreen, kRed}},
        {270, Flip::kNone, {kGreen, kWhite, kRed, kBlue}},      {0, Flip::kHorizontal, {kGreen, kRed, kWhite, kBlue}},
        {0, Flip::kVertical, {kBlue, kWhite, kRed, kGreen}},    {90, Flip::kHorizontal, {kRed, kBlue, kGreen, kWhite}},
        {90, Flip::kVertical, {kWhite, kGreen, kBlue, kRed}},   {180, Flip::kHorizontal, {kBlue, kWhite, kRed, kGreen}},
        {270, Flip::kHorizontal, {kWhite, kGreen, kBlue, kRed}}};
    for (const PixelFormat format :
         {PixelFormat::kYuv420, PixelFormat::kNv12, PixelFormat::kYuyv, PixelFormat::kRgb888}) {
        const TestFrame frame = makeFrame(format, kWidth, kHeight);
        for (const Case& c : cases) {
            const bool isLying = c.rotation % 180 != 0;
            RenderOptions options = optionsFor(isLying ? kHeight : kWidth, isLying ? kWidth : kHeight);
            options.transform = toTransform(c.rotation, c.flip);
            const RenderedJpeg rendered = render(frame.view, options);
            EXPECT_EQ(rendered.width, options.width);
            const DecodedImage image = decode(rendered.jpeg);
            for (int i = 0; i < 4; ++i) {
                expectColour(quarter(image, i), c.expected[static_cast<std::size_t>(i)],
                             "rotation " + std::to_string(c.rotation) + " flip " +
                                 std::to_string(static_cast<int>(c.flip)) + " quarter " + std::to_string(i));
            }
        }
    }
}

/// Whether a point of the picture (in per cent) is black and colourless, or not.
void expectMasked(const DecodedImage& image, int x, int y, bool isMasked, const std::string& where) {
    const auto at = [&](std::size_t plane, int px, int py) {
        const Plane& p = image.view.planes[plane];
        return static_cast<int>(p.data[p.strideBytes * static_cast<std::size_t>(py) + static_cast<std::size_t>(px)]);
    };
    const int column = image.view.width * x / 100;
    const int row = image.view.height * y / 100;
    const int luma = at(0, column, row);
    if (!isMasked) {
        EXPECT_GT(luma, 20) << where;
        return;
    }
    EXPECT_LT(luma, 8) << where;
    EXPECT_NEAR(at(1, column / 2, row / 2), 128, 8) << where;
    EXPECT_NEAR(at(2, column / 2, row / 2), 128, 8) << where;
}

TEST(Render, AMaskIsBlackWhereverThePictureIsTurnedAndScaledTo) {
    const PictureArea mask{10, 20, 30, 40};
    for (const PixelFormat format :
         {PixelFormat::kYuv420, PixelFormat::kNv12, PixelFormat::kYuyv, PixelFormat::kRgb888}) {
        const TestFrame frame = makeFrame(format, kWidth, kHeight);
        for (const int rotation : {0, 90, 180, 270}) {
            for (const Flip flip : {Flip::kNone, Flip::kHorizontal, Flip::kVertical}) {
                for (const int divisor : {1, 2}) {
                    const bool isLying = rotation % 180 != 0;
                    RenderOptions options =
                        optionsFor((isLying ? kHeight : kWidth) / divisor, (isLying ? kWidth : kHeight) / divisor);
                    options.transform = toTransform(rotation, flip);
                    const PictureArea seen = transformed(mask, options.transform);
                    options.masks = {seen};
                    const DecodedImage image = decode(render(frame.view, options).jpeg);
                    const std::string where = "format " + std::to_string(static_cast<int>(format)) + " rotation " +
                                              std::to_string(rotation) + " flip " +
                                              std::to_string(static_cast<int>(flip));
                    for (const int share : {10, 50, 90}) {
                        expectMasked(image, seen.left + seen.width * share / 100, seen.top + seen.height * share / 100,
                                     true, where);
                    }
                    for (const auto& [x, y] : {std::pair{seen.left - 4, seen.top + 10},
                                               {seen.left + seen.width + 4, seen.top + 10},
                                               {seen.left + 10, seen.top - 4},
                                               {seen.left + 10, seen.top + seen.height + 4}})
                        expectMasked(image, x, y, false, where);
                }
            }
        }
    }
}

TEST(Render, AMaskLeavesNoColourAtItsEdges) {
    // Red and green meet at pixel 80; a mask that ends there at an odd pixel covers the whole chroma sample.
    const TestFrame frame = makeYuv420(161, 121);
    FrameReader reader;
    const std::vector<PictureArea> masks{{1, 1, 48, 47}};
    const auto picture = reader.read(frame.view, masks);
    ASSERT_TRUE(picture);
    const auto& planes = picture->planes;
    for (int y = 0; y < planes.height; ++y) {
        for (int x = 0; x < planes.width; ++x) {
            const bool isInside =
                x >= 161 / 100 && x < (161 * 49 + 99) / 100 && y >= 121 / 100 && y < (121 * 48 + 99) / 100;
            if (!isInside) continue;
            const auto at = [&](std::size_t plane, int px, int py) {
                return planes.planes[plane].data[planes.planes[plane].strideBytes * static_cast<std::size_t>(py) +
                                                 static_cast<std::size_t>(px)];
            };
            ASSERT_EQ(at(0, x, y), 0) << x << "," << y;
            ASSERT_EQ(at(1, x / 2, y / 2), 128) << x << "," << y;
            ASSERT_EQ(at(2, x / 2, y / 2), 128) << x << "," << y;
        }
    }
}

TEST(Render, AMaskMayCoverEverything) {
    const TestFrame frame = makeYuv420(65, 33);
    RenderOptions options = optionsFor(65, 33);
    options.masks = {{0, 0, 100, 100}};
    const DecodedImage image = decode(render(frame.view, options).jpeg);
    for (int i = 0; i < 4; ++i) expectColour(quarter(image, i), {0, 128, 128}, std::to_string(i));
}

TEST(Render, RowsMayBeLongerThanThePicture) {
    const TestFrame frame = makeYuv420(kWidth, kHeight, 37);
    expectColour(quarter(decode(render(frame.view, optionsFor(kWidth, kHeight)).jpeg), 1), kGreen, "padded");
}

TEST(Render, SizesMayBeOdd) {
    for (const auto& [width, height] : {std::pair{161, 121}, {65, 64}, {64, 65}}) {
        const TestFrame frame = makeYuv420(width, height);
        const RenderedJpeg rendered = render(frame.view, optionsFor(width, height));
        EXPECT_EQ(decode(rendered.jpeg).view.width, width);
    }
}

TEST(Render, ScalesAndKeepsTheShape) {
    const TestFrame frame = makeYuv420(kWidth * 4, kHeight * 4);
    for (const auto& [width, height] : {std::pair{kWidth, kHeight}, {320, 64}, {64, 320}, {1280, 960}}) {
        const RenderedJpeg rendered = render(frame.view, optionsFor(width, height));
        const DecodedImage image = decode(rendered.jpeg);
        EXPECT_EQ(image.view.width, width);
        EXPECT_EQ(image.view.height, height);
        expectColour(quarter(image, 0), kRed, "scaled");
        expectColour(quarter(image, 3), kWhite, "scaled");
    }
}

/// 16 … 235 taken for 0 … 255 costs 10 dB and more.
TEST(Render, ExpandsLimitedRange) {
    const TestFrame full = makeNoise(kWidth, kHeight);
    TestFrame limited = full;
    for (std::size_t i = 0; i < limited.bytes.size(); ++i) {
        const bool isLuma = i < limited.view.planes[0].bytes;
        const double value = full.bytes[i];
        limited.bytes[i] =
            static_cast<std::uint8_t>(std::lround(isLuma ? 16 + value * 219 / 255 : 128 + (value - 128) * 224 / 255));
    }
    limited.view.planes[0].data = limited.bytes.data();
    limited.view.planes[1].data = limited.bytes.data() + limited.view.planes[0].bytes;
    limited.view.planes[2].data = limited.view.planes[1].data + limited.view.planes[1].bytes;
    const auto psnr = [&](ColorRange range) {
        limited.view.range = range;
        const DecodedImage image = decode(render(limited.view, optionsFor(kWidth, kHeight, 100)).jpeg);
        double squares = 0;
        for (int y = 0; y < kHeight; ++y) {
            for (int x = 0; x < kWidth; ++x) {
                const Plane& plane = image.view.planes[0];
                const double difference =
                    plane.data[plane.strideBytes * static_cast<std::size_t>(y) + static_cast<std::size_t>(x)] -
                    full.bytes[static_cast<std::size_t>(y) * static_cast<std::size_t>(kWidth) +
                               static_cast<std::size_t>(x)];
                squares += difference * difference;
            }
        }
        return 10 * std::log10(255.0 * 255.0 * kWidth * kHeight / squares);
    };
    const double right = psnr(ColorRange::kLimited);
    const double wrong = psnr(ColorRange::kFull);

    EXPECT_GT(right, 35);
    EXPECT_GT(right, wrong + 10);
}

TEST(Render, DrawsTextOnAnyBackground) {
    for (const int luma : {0, 255}) {
        TestFrame frame = makeYuv420(640, 480);
        std::fill_n(frame.bytes.begin(), 640 * 480, byte(luma));
        RenderOptions options = optionsFor(640, 480);
        options.overlay = "küche 2026-11-21 06:30:00";
        const DecodedImage image = decode(render(frame.view, options).jpeg);
        int changed = 0;
        for (int y = 420; y < 480; ++y) {
            for (int x = 0; x < 640; ++x) {
                changed +=
                    std::abs(image.view.planes[0].data[static_cast<std::size_t>(y) * image.view.planes[0].strideBytes +
                                                       static_cast<std::size_t>(x)] -
                             luma) > 100
                        ? 1
                        : 0;
            }
        }
        EXPECT_GT(changed, 300) << "luma " << luma;
    }
}

TEST(Render, ATextOfAnyLengthFits) {
    const TestFrame frame = makeYuv420(64, 64);
    RenderOptions options = optionsFor(64, 64);
    options.overlay = std::string(5000, 'W');
    EXPECT_EQ(render(frame.view, options).width, 64);
}

TEST(Render, PlanesThatAreTooSmallAreRefused) {
    for (const PixelFormat format :
         {PixelFormat::kYuv420, PixelFormat::kNv12, PixelFormat::kYuyv, PixelFormat::kRgb888, PixelFormat::kXrgb8888}) {
        TestFrame frame = makeFrame(format, kWidth, kHeight);
        frame.view.planes[0].bytes -= 1;
        EXPECT_EQ(JpegRenderer().render(frame.view, optionsFor(kWidth, kHeight)).error().code, Errc::kFault);
        frame = makeFrame(format, kWidth, kHeight);
        frame.view.planes[0].strideBytes = 1;
        EXPECT_FALSE(JpegRenderer().render(frame.view, optionsFor(kWidth, kHeight)));
        frame = makeFrame(format, kWidth, kHeight);
        frame.view.width = 100'000;
        EXPECT_FALSE(JpegRenderer().render(frame.view, optionsFor(kWidth, kHeight)));
    }
}

TEST(Render, OneRendererServesPicturesOfAllSizesAndFormats) {
    JpegRenderer renderer;
    for (int i = 0; i < 20; ++i) {
        const int width = 64 + 32 * (i % 5);
        const TestFrame frame = makeFrame(i % 2 == 0 ? PixelFormat::kRgb888 : PixelFormat::kNv12, width, 64);
        const auto rendered = renderer.render(frame.view, optionsFor(128, 96, 50 + i));
        ASSERT_TRUE(rendered);
        expectColour(quarter(decode(rendered->jpeg), 2), kBlue, std::to_string(i));
    }
}

}  // namespace
}  // namespace edge
