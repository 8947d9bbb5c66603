// SPDX-License-Identifier: MIT
#include "image/pixels/motion_detector.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
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

/// A room: a textured wall with shading, furniture, a window, sensor noise, and an object that can move through it.
class Room {
  public:
    static constexpr int kWidth = 320;
    static constexpr int kHeight = 240;

    /// Seen in this light: a gain for the whole room, or only for what is left of `lampEnds` per cent. `object` is its
    /// left edge in per cent, negative = nowhere.
    FrameView at(double light, int object = -1, int lampEnds = 100) {
        for (int y = 0; y < kHeight; ++y) {
            for (int x = 0; x < kWidth; ++x) {
                const double own = x < kWidth * lampEnds / 100 ? light : 1;
                const double seen = curve(brightness(x, y, object) * own) + noise();
                luma_[static_cast<std::size_t>(y * kWidth + x)] =
                    static_cast<std::uint8_t>(std::clamp(std::lround(seen), 0L, 255L));
            }
        }
        return {
            PixelFormat::kGrey8, ColorRange::kFull, kWidth, kHeight, {{{luma_.data(), luma_.size(), kWidth}, {}, {}}}};
    }

    double sigma = 3;     ///< of the noise
    double contrast = 0;  ///< of the camera's tone curve

  private:
    [[nodiscard]] double curve(double value) const {
        const double part = std::min(value / 255, 1.0);
        return value - 255 * contrast * std::sin(2 * 3.14159 * part);
    }
    static double brightness(int x, int y, int object) {
        const int left = kWidth * object / 100;
        if (object >= 0 && x >= left && x < left + kWidth / 12 && y > 80 && y < 180)
            return (x + y) % 16 < 8 ? 25 : 45;                                  // somebody in a dark coat
        if (x > 30 && x < 90 && y > 20 && y < 90) return 215;                   // the window
        if (y > 150 && x > 150 && x < 280) return 50 + 25 * std::sin(x * 0.7);  // the sofa
        const double shade = 1.2 - 0.5 * x / kWidth;
        return shade * (105 + 22 * std::sin(x * 0.21) * std::cos(y * 0.13) + ((x / 24 + y / 24) % 2) * 18);
    }
    /// Roughly normal: the sum of four.
    double noise() {
        double sum = 0;
        for (int i = 0; i < 4; ++i) {
            seed_ = seed_ * 1664525U + 1013904223U;
            sum += static_cast<double>(seed_ >> 8U) / static_cast<double>(1U << 24U) - 0.5;
        }
        return sum * sigma * 1.73;
    }

    std::vector<std::uint8_t> luma_ = std::vector<std::uint8_t>(std::size_t{kWidth} * kHeight);
    std::uint32_t seed_ = 1;
};

const double kUsual = MotionDetector::threshold(50);

class MotionInChangingLight : public testing::Test {
  protected:
    MotionInChangingLight() { begin(); }
    /// Ten looks at an empty room.
    void begin() {
        detector = std::make_unique<MotionDetector>(std::vector<PictureArea>{});
        for (int i = 0; i < 10; ++i) look(1);
    }
    double look(double light, int object = -1, int lampEnds = 100) {
        return share(*detector, room.at(light, object, lampEnds));
    }
    Room room;
    std::unique_ptr<MotionDetector> detector;
};

TEST_F(MotionInChangingLight, ALightThatChangesAsAWholeIsNoMotion) {
    for (const double light : {2.0, 1.0, 0.5, 1.5, 0.7, 2.0, 0.5, 1.0}) {
        for (int i = 0; i < 5; ++i) EXPECT_LT(look(light), kUsual / 2) << light << ", look " << i;
    }
}

TEST_F(MotionInChangingLight, NorWhereTheCameraAddsContrast) {
    room.contrast = 0.1;
    begin();
    for (const double light : {1.6, 1.0, 0.6, 1.0}) {
        for (int i = 0; i < 10; ++i) EXPECT_LT(look(light), kUsual / 2) << light << ", look " << i;
    }
}

TEST_F(MotionInChangingLight, ACloudIsNoMotion) {
    for (int i = 0; i <= 60; ++i) EXPECT_LT(look(1 - 0.5 * i / 60), kUsual / 2) << i;
    for (int i = 0; i <= 20; ++i) EXPECT_LT(look(0.5 + 1.5 * i / 20), kUsual / 2) << i;
}

TEST_F(MotionInChangingLight, StepsOfTheExposureAreNoMotion) {
    double light = 1;
    for (const double step : {1.3, 1.2, 1.1, 1.05, 0.8, 0.7, 0.9}) EXPECT_LT(look(light *= step), kUsual / 2) << step;
}

TEST_F(MotionInChangingLight, AnObjectCountsWhileTheLightChanges) {
    for (const double light : {1.0, 2.0, 0.5, 1.5, 0.7}) {
        begin();
        EXPECT_GT(look(light, 55), kUsual) << light << ": the object is there";
        EXPECT_GT(look(light, 70), kUsual) << light << ": and moves";
        for (int i = 0; i < 3; ++i) EXPECT_LT(look(light), kUsual) << light << ": and is gone";
    }
}

TEST_F(MotionInChangingLight, AnObjectCountsInTheShadowOfACloud) {
    for (int i = 0; i < 20; ++i) EXPECT_GT(look(1 - 0.02 * i, 10 + 4 * i), kUsual) << i;
}

TEST_F(MotionInChangingLight, ALampInADarkRoomIsNoMotion) {
    for (int i = 0; i < 10; ++i) look(0.02);
    for (int i = 0; i < 5; ++i) EXPECT_LT(look(1), kUsual) << "on, look " << i;
    EXPECT_GT(look(1, 40), kUsual) << "and what comes then is seen";
    for (int i = 0; i < 5; ++i) look(1);
    for (int i = 0; i < 5; ++i) EXPECT_LT(look(0.02), kUsual) << "off, look " << i;
}

TEST_F(MotionInChangingLight, NoiseAtNightIsNoMotion) {
    room.sigma = 8;
    for (int i = 0; i < 20; ++i) EXPECT_LT(look(0.3), kUsual / 2) << i;
}

TEST_F(MotionInChangingLight, ALampThatLightsAPartOfTheRoomStillCounts) {
    EXPECT_GT(look(1.6, -1, 40), kUsual) << "it cannot be told from an object";
}

TEST_F(MotionInChangingLight, ACameraThatIsMovedCounts) {
    Room other;
    const FrameView frame = other.at(1);
    std::vector<std::uint8_t> moved(frame.planes[0].data, frame.planes[0].data + frame.planes[0].bytes);
    std::reverse(moved.begin(), moved.end());
    FrameView turned = frame;
    turned.planes[0].data = moved.data();
    EXPECT_GT(share(*detector, turned), kUsual);
}

TEST(MotionDetector, TheLightOfTheWholePictureCountsEvenWhenAnAreaIsSmall) {
    Room room;
    MotionDetector detector({{50, 30, 20, 50}});
    for (int i = 0; i < 5; ++i) share(detector, room.at(1));
    EXPECT_LT(share(detector, room.at(1.8)), kUsual / 2);
    EXPECT_GT(share(detector, room.at(1.8, 55)), 0.2) << "much of the area";
}

}  // namespace
}  // namespace edge
