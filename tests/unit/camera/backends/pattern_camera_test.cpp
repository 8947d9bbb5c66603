// SPDX-License-Identifier: MIT
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "camera/backends/backends.hpp"
#include "fakes/manual_loop.hpp"

namespace edge {
namespace {

class PatternCameraTest : public testing::Test {
  protected:
    std::optional<Frame> take(Camera& camera) {
        std::optional<Frame> taken;
        camera.nextFrame(bootTimeNow(), [&](Result<Frame> frame) {
            if (frame) taken = std::move(*frame);
        });
        EXPECT_FALSE(taken) << "never inside the call";
        loop.advance(milliseconds{1});
        return taken;
    }
    static std::string pixels(const Frame& frame) {
        std::string all;
        for (const Plane& plane : frame.view.planes) all.append(reinterpret_cast<const char*>(plane.data), plane.bytes);
        return all;
    }

    ManualLoop loop;
    CameraConfig config;
};

TEST_F(PatternCameraTest, MakesEachFrameAfterItWasAskedFor) {
    const auto camera = makePatternCamera(loop, config);
    ASSERT_TRUE(camera->start({640, 480, {}}));
    const BootTime before = bootTimeNow();

    const auto frame = take(*camera);

    ASSERT_TRUE(frame);
    EXPECT_GT(frame->exposureStart, before);
    EXPECT_EQ(frame->view.width, 640);
    EXPECT_EQ(frame->view.planes[1].bytes, 320U * 240U);
}

TEST_F(PatternCameraTest, MovesFromFrameToFrame) {
    const auto camera = makePatternCamera(loop, config);
    ASSERT_TRUE(camera->start({320, 240, {}}));
    const auto one = take(*camera);
    const auto two = take(*camera);

    ASSERT_TRUE(one && two);
    EXPECT_EQ(two->sequence, one->sequence + 1);
    EXPECT_NE(pixels(*one), pixels(*two));
}

TEST_F(PatternCameraTest, LeavesNothingOfTheFrameBefore) {
    const auto camera = makePatternCamera(loop, config);
    ASSERT_TRUE(camera->start({320, 240, {}}));
    const auto dark = [](const Frame& frame) {  // of the row in which the mark moves
        const Plane& luma = frame.view.planes[0];
        const std::uint8_t* const row = luma.data + luma.strideBytes * 120;
        return std::count(row, row + 320, 16);
    };
    for (int i = 0; i < 50; ++i) {  // into the same memory each time
        const auto frame = take(*camera);
        ASSERT_TRUE(frame);
        EXPECT_EQ(dark(*frame), 16) << i;
    }
}

TEST_F(PatternCameraTest, DrawsTheSameIntoUsedMemoryAsIntoNew) {
    const auto thrifty = makePatternCamera(loop, config);
    const auto lavish = makePatternCamera(loop, config);
    ASSERT_TRUE(thrifty->start({320, 240, {}}));
    ASSERT_TRUE(lavish->start({320, 240, {}}));
    std::vector<Frame> kept;  // so that each frame gets memory of its own
    for (int i = 0; i < 120; ++i) {
        if (i % 40 == 39) loop.advance(seconds{1});
        const auto used = take(*thrifty);
        kept.push_back(*take(*lavish));
        ASSERT_EQ(pixels(*used), pixels(kept.back())) << i;
    }
}

TEST_F(PatternCameraTest, LeavesAFrameAloneWhileItIsLeased) {
    const auto camera = makePatternCamera(loop, config);
    ASSERT_TRUE(camera->start({320, 240, {}}));
    const auto kept = take(*camera);
    const std::string before = pixels(*kept);
    for (int i = 0; i < 5; ++i) take(*camera);
    camera->stop();

    EXPECT_EQ(pixels(*kept), before);
}

TEST_F(PatternCameraTest, DrawsEverySize) {
    const auto camera = makePatternCamera(loop, config);
    for (const auto& [width, height] : {std::pair{64, 64}, {64, 6944}, {66, 70}, {1920, 64}, {9152, 64}}) {
        ASSERT_TRUE(camera->start({width, height, {}}));
        const auto frame = take(*camera);
        ASSERT_TRUE(frame);
        EXPECT_EQ(frame->view.height, height);
    }
}

TEST_F(PatternCameraTest, KeepsToTheFrameRate) {
    config.frameRate = 10;
    const auto camera = makePatternCamera(loop, config);
    ASSERT_TRUE(camera->start({64, 64, {}}));
    EXPECT_TRUE(take(*camera));
    EXPECT_FALSE(take(*camera));
    int frames = 0;
    camera->nextFrame(bootTimeNow(), [&](const Result<Frame>&) { ++frames; });
    loop.advance(milliseconds{200});

    EXPECT_EQ(frames, 1);
}

TEST_F(PatternCameraTest, GivesNothingOnceItHasStopped) {
    const auto camera = makePatternCamera(loop, config);
    ASSERT_TRUE(camera->start({64, 64, {}}));
    bool isCalled = false;
    camera->nextFrame(bootTimeNow(), [&](const Result<Frame>&) { isCalled = true; });
    camera->stop();
    loop.advance(seconds{1});

    EXPECT_FALSE(isCalled);
}

}  // namespace
}  // namespace edge
