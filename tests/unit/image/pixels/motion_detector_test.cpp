// SPDX-License-Identifier: MIT
#include "image/pixels/motion_detector.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "image/jpeg/jpeg.hpp"

namespace edge {
namespace {

/// A dark scene with a bright box of a tenth of its width and height, in any layout.
class Scene {
  public:
    explicit Scene(PixelFormat layout = PixelFormat::kYuv420, int w = 320, int h = 240)
        : format(layout), width(w), height(h) {}

    /// At `left`, `top` in per cent; negative = nowhere.
    FrameView at(int left, int top) {
        luma.assign(static_cast<std::size_t>(width * height), 40);
        for (int y = 0; left >= 0 && y < height / 10; ++y) {
            for (int x = 0; x < width / 10; ++x)
                luma[static_cast<std::size_t>((height * top / 100 + y) * width + width * left / 100 + x)] = 200;
        }
        const auto pixels = luma.size();
        const auto stride = static_cast<std::size_t>(width);
        switch (format) {
            case PixelFormat::kYuyv:
                bytes.assign(pixels * 2, 128);
                for (std::size_t i = 0; i < pixels; ++i) bytes[i * 2] = luma[i];
                return {format, ColorRange::kFull, width, height, {{{bytes.data(), bytes.size(), stride * 2}, {}, {}}}};
            case PixelFormat::kXrgb8888:
                bytes.assign(pixels * 4, 0);
                for (std::size_t i = 0; i < pixels; ++i) std::fill_n(&bytes[i * 4], 3, luma[i]);
                return {format, ColorRange::kFull, width, height, {{{bytes.data(), bytes.size(), stride * 4}, {}, {}}}};
            case PixelFormat::kMjpeg: {
                const FrameView grey{
                    PixelFormat::kGrey8, ColorRange::kFull, width, height, {{{luma.data(), pixels, stride}, {}, {}}}};
                RenderOptions options;
                options.width = width;
                options.height = height;
                const JpegBytes jpeg = renderer.render(grey, options)->jpeg;
                bytes.assign(jpeg.begin(), jpeg.end());
                return {format, ColorRange::kFull, width, height, {{{bytes.data(), bytes.size(), 0}, {}, {}}}};
            }
            default:
                bytes = luma;
                bytes.resize(pixels * 3 / 2, 128);
                return {PixelFormat::kYuv420,
                        ColorRange::kFull,
                        width,
                        height,
                        {{{bytes.data(), pixels, stride},
                          {bytes.data() + pixels, pixels / 4, stride / 2},
                          {bytes.data() + pixels * 5 / 4, pixels / 4, stride / 2}}}};
        }
    }

    PixelFormat format;
    int width;
    int height;
    std::vector<std::uint8_t> luma;
    std::vector<std::uint8_t> bytes;
    JpegRenderer renderer;
};

double share(MotionDetector& detector, const FrameView& frame, Transform turn = {}) {
    const auto result = detector.changedShare(frame, turn);
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    return result.value_or(-1);
}

TEST(MotionDetector, ABoxThatComesIsItsShareOfThePicture) {
    for (const PixelFormat format :
         {PixelFormat::kYuv420, PixelFormat::kYuyv, PixelFormat::kXrgb8888, PixelFormat::kMjpeg}) {
        Scene scene(format);
        MotionDetector detector({});
        EXPECT_EQ(share(detector, scene.at(-1, -1)), 0) << "the first frame is the background";
        EXPECT_EQ(share(detector, scene.at(-1, -1)), 0);
        EXPECT_NEAR(share(detector, scene.at(40, 40)), 0.01, 0.005) << static_cast<int>(format);
    }
}

TEST(MotionDetector, WhatStaysBecomesBackground) {
    Scene scene;
    MotionDetector detector({});
    share(detector, scene.at(-1, -1));
    EXPECT_GT(share(detector, scene.at(40, 40)), 0.005);
    for (int i = 0; i < 80; ++i) share(detector, scene.at(40, 40));
    EXPECT_EQ(share(detector, scene.at(40, 40)), 0);
    EXPECT_GT(share(detector, scene.at(-1, -1)), 0.005) << "and its leaving is motion";
}

TEST(MotionDetector, OnlyTheAreasCount) {
    Scene scene;
    MotionDetector detector({{0, 0, 50, 50}});
    share(detector, scene.at(-1, -1));
    EXPECT_EQ(share(detector, scene.at(70, 70)), 0);
    EXPECT_NEAR(share(detector, scene.at(20, 20)), 0.04, 0.02) << "of the area, not of the picture";
}

TEST(MotionDetector, AreasAreThoseOfThePictureAsItIsSeen) {
    Scene scene;
    MotionDetector detector({{0, 0, 50, 50}});
    const Transform upsideDown{false, true, true};
    share(detector, scene.at(-1, -1), upsideDown);
    EXPECT_EQ(share(detector, scene.at(10, 10), upsideDown), 0);
    EXPECT_GT(share(detector, scene.at(80, 80), upsideDown), 0.01);
    const Transform quarter{true, true, false};
    MotionDetector turned({{0, 0, 50, 50}});
    share(turned, scene.at(-1, -1), quarter);
    EXPECT_GT(share(turned, scene.at(10, 80), quarter), 0.01) << "lower left is upper left after a turn to the right";
    EXPECT_EQ(share(turned, scene.at(-1, -1), quarter) > 0.01, false);
}

TEST(MotionDetector, ANewSizeBeginsAnew) {
    Scene small(PixelFormat::kYuv420, 320, 240);
    Scene large(PixelFormat::kYuv420, 640, 480);
    MotionDetector detector({});
    share(detector, small.at(-1, -1));
    EXPECT_EQ(share(detector, large.at(40, 40)), 0);
}

TEST(MotionDetector, NoiseIsNoMotion) {
    Scene scene;
    MotionDetector detector({});
    share(detector, scene.at(-1, -1));
    FrameView frame = scene.at(-1, -1);
    unsigned seed = 1;
    for (int look = 0; look < 20; ++look) {
        for (std::size_t i = 0; i < scene.luma.size(); ++i)
            scene.bytes[i] = static_cast<std::uint8_t>(40 + (seed = seed * 1664525 + 1013904223) % 24);
        EXPECT_LT(share(detector, frame), MotionDetector::threshold(100));
    }
}

TEST(MotionDetector, DamagedFramesAreErrors) {
    MotionDetector detector({});
    const std::vector<std::uint8_t> junk(100, 7);
    const FrameView jpeg{PixelFormat::kMjpeg, ColorRange::kFull, 64, 64, {{{junk.data(), junk.size(), 0}, {}, {}}}};
    EXPECT_FALSE(detector.changedShare(jpeg, {}));
    const FrameView small{
        PixelFormat::kYuv420, ColorRange::kFull, 640, 480, {{{junk.data(), junk.size(), 640}, {}, {}}}};
    EXPECT_FALSE(detector.changedShare(small, {}));
}

TEST(MotionDetector, SensitivityIsFromATenthToAThousandth) {
    EXPECT_DOUBLE_EQ(MotionDetector::threshold(1), 0.1);
    EXPECT_NEAR(MotionDetector::threshold(50), 0.01, 0.001);
    EXPECT_NEAR(MotionDetector::threshold(100), 0.001, 1e-9);
}

TEST(MotionDetector, DoesNotLookBehindAMask) {
    Scene scene;
    MotionDetector detector({}, {{0, 0, 50, 100}});
    ASSERT_TRUE(detector.changedShare(scene.at(-1, -1), {}));
    EXPECT_DOUBLE_EQ(detector.changedShare(scene.at(20, 40), {}).value(), 0);
    EXPECT_GT(detector.changedShare(scene.at(70, 40), {}).value(), 0);
}

}  // namespace
}  // namespace edge
