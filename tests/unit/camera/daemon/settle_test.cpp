// SPDX-License-Identifier: MIT
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "camera/daemon/capture_pipeline.hpp"
#include "fakes/held_executor.hpp"
#include "fakes/manual_loop.hpp"
#include "unit/camera/scripted_camera.hpp"

namespace edge {
namespace {

constexpr ScriptedFrame kSearchingExposure{.states = {.aeLocked = false}};
constexpr ScriptedFrame kSettled{.states = {.aeLocked = true}};

class SettleTest : public testing::Test {
  protected:
    SettleTest() {
        config.camera.width = 64;
        config.camera.height = 64;
        config.camera.keepWarm = seconds{30};
    }

    CapturePipeline& pipeline() {
        if (!pipeline_) {
            CapturePipeline::Events events;
            events.working = [] {};
            events.broken = [this](const Error& error) { broken.push_back(error.message); };
            events.hopeless = [this] { ++hopeless; };
            pipeline_ = std::make_unique<CapturePipeline>(
                loop, camera,
                std::vector<std::shared_ptr<Executor>>{std::make_shared<HeldExecutor>(),
                                                       std::make_shared<HeldExecutor>()},
                config, std::move(events));
        }
        return *pipeline_;
    }

    void capture(milliseconds timeout = seconds{5}, bool settle = true, const Controls& controls = {}) {
        const BootTime now = bootTimeNow();
        pipeline().capture({1, 64, 64, 90, 1 << 20, now, now + timeout, settle, false, controls},
                           [this](const Result<FinishedPicture>& result) {
                               results.push_back(result);
                               took = loop.clock().now() - began;
                               usedFrame = camera.frames;
                           });
        began = loop.clock().now();
        loop.runPending();
    }
    /// The next picture, and how long it took.
    void take(milliseconds timeout = seconds{5}, bool settle = true, const Controls& controls = {}) {
        const std::size_t before = results.size();
        capture(timeout, settle, controls);
        for (int i = 0; i < 12'000 && results.size() == before; ++i) loop.advance(milliseconds{10});
        ASSERT_EQ(results.size(), before + 1);
    }
    [[nodiscard]] bool isTaken() const { return !results.empty() && results.back().has_value(); }
    [[nodiscard]] bool isSettled() const { return isTaken() && results.back()->isSettled; }

    static std::vector<ScriptedFrame> script(std::size_t count, const ScriptedFrame& first, const ScriptedFrame& then) {
        std::vector<ScriptedFrame> frames(count, first);
        frames.push_back(then);
        return frames;
    }

    ManualLoop loop;
    ScriptedCamera camera{loop};
    Config config;
    std::vector<Result<FinishedPicture>> results;
    std::vector<std::string> broken;
    SteadyTime began{};
    SteadyTime::duration took{};
    int usedFrame = 0;  ///< number of the stream's frame, from 1, that the last picture is
    int hopeless = 0;

  private:
    std::unique_ptr<CapturePipeline> pipeline_;
};

TEST_F(SettleTest, TakesTheFirstFrameThatHasSettled) {
    camera.script = script(7, kSearchingExposure, kSettled);

    take();

    EXPECT_TRUE(isSettled());
    EXPECT_EQ(usedFrame, 8);
}

TEST_F(SettleTest, WaitsForExposureWhiteBalanceAndFocus) {
    camera.automatic.isFocusContinuous = true;
    camera.script = {{.states = {.aeLocked = false, .awbState = 1, .afState = 0}},
                     {.states = {.aeLocked = true, .awbState = 1, .afState = 1}},
                     {.states = {.aeLocked = true, .awbState = 2, .afState = 1}},
                     {.states = {.aeLocked = true, .awbState = 2, .afState = 2}}};

    take();

    EXPECT_TRUE(isSettled());
    EXPECT_EQ(usedFrame, 4);
}

TEST_F(SettleTest, TakesWhatThereIsAtItsLimit) {
    camera.script = {kSearchingExposure};

    take();

    ASSERT_TRUE(isTaken());
    EXPECT_FALSE(isSettled());
    EXPECT_GE(took, config.camera.settleLimit);
    EXPECT_LE(took, config.camera.settleLimit + 2 * camera.frameTime);
}

TEST_F(SettleTest, LiveViewGoesOnMeanwhile) {
    camera.script = script(7, kSearchingExposure, kSettled);
    int frames = 0;
    capture();
    for (int i = 0; i < 3; ++i) {
        const BootTime now = bootTimeNow();
        pipeline().capture({1, 64, 64, 60, 1 << 20, now, now + seconds{5}, false, true},
                           [&frames](const Result<FinishedPicture>& result) { frames += result ? 1 : 0; });
        loop.advance(camera.frameTime);
    }

    EXPECT_GE(frames, 2);
    EXPECT_TRUE(results.empty());
}

TEST_F(SettleTest, DoesNotWaitForAFocusThatHasFailed) {
    camera.script = script(3, {.states = {.afState = 1}}, {.states = {.afState = 3}});

    take();

    ASSERT_TRUE(isTaken());
    EXPECT_FALSE(isSettled()) << "the picture is not in focus";
    EXPECT_EQ(usedFrame, 4);
}

TEST_F(SettleTest, SkipsStartUpFramesWithAndWithoutSettling) {
    for (const bool settle : {true, false}) {
        camera.script = script(20, {.status = ScriptedFrame::FrameStartup}, kSettled);
        take(seconds{5}, settle);
        EXPECT_TRUE(isSettled());
        EXPECT_EQ(usedFrame, 21);
        loop.advance(seconds{31});
    }
    EXPECT_TRUE(broken.empty());
}

TEST_F(SettleTest, SkipsTheErrorFramesThatACameraBeginsWith) {
    camera.script = script(5, {.status = ScriptedFrame::FrameError}, kSettled);

    take();

    EXPECT_TRUE(isSettled());
    EXPECT_EQ(usedFrame, 6);
    EXPECT_TRUE(broken.empty());
}

TEST_F(SettleTest, EndsOnlyWithStartUpFramesAtTheTimeout) {
    camera.script = {{.status = ScriptedFrame::FrameStartup}};

    take(seconds{4});

    EXPECT_FALSE(isTaken());
    EXPECT_TRUE(broken.empty()) << "the camera works";
}

TEST_F(SettleTest, WithoutSettlingTakesTheFirstFrame) {
    camera.script = {kSearchingExposure};

    take(seconds{5}, false);

    ASSERT_TRUE(isTaken());
    EXPECT_EQ(usedFrame, 1);
    EXPECT_FALSE(isSettled()) << "and says what it is";
}

TEST_F(SettleTest, ACameraThatSaysNothingIsNotWaitedFor) {
    take();

    EXPECT_TRUE(isSettled());
    EXPECT_EQ(usedFrame, 1);
}

TEST_F(SettleTest, LeavesHalfOfAShortTimeoutForThePicture) {
    camera.script = {kSearchingExposure};

    take(milliseconds{1000});

    ASSERT_TRUE(isTaken());
    EXPECT_FALSE(isSettled());
    EXPECT_LE(took, milliseconds{600});
}

TEST_F(SettleTest, AWarmCameraIsNotWaitedForWhenTheLightChanges) {
    camera.script = script(3, kSearchingExposure, kSettled);
    take();
    camera.script = {kSearchingExposure};

    take();

    ASSERT_TRUE(isTaken());
    EXPECT_FALSE(isSettled());
    EXPECT_LE(took, 3 * camera.frameTime);
    EXPECT_EQ(camera.starts, 1);
}

TEST_F(SettleTest, SettlesAgainAfterARestart) {
    camera.script = script(3, kSearchingExposure, kSettled);
    take();
    loop.advance(seconds{31});
    ASSERT_FALSE(camera.isStreaming);

    take();

    EXPECT_EQ(camera.starts, 2);
    EXPECT_TRUE(isSettled());
    EXPECT_EQ(usedFrame, 4);
}

TEST_F(SettleTest, TwoCapturesAtOnceWaitOnce) {
    camera.script = script(6, kSearchingExposure, kSettled);
    capture();
    capture();
    loop.advance(seconds{1});

    ASSERT_EQ(results.size(), 2U);
    EXPECT_TRUE(results[0]->isSettled && results[1]->isSettled);
    EXPECT_EQ(usedFrame, 8);
}

TEST_F(SettleTest, OneFrameASecondWorksWithinTheTimeout) {
    camera.frameTime = seconds{1};
    config.camera.frameRate = 1;
    camera.script = script(2, {.status = ScriptedFrame::FrameStartup}, kSettled);

    take(seconds{5});
    EXPECT_TRUE(isSettled());
    take(seconds{5});
    EXPECT_TRUE(isSettled());

    EXPECT_TRUE(broken.empty());
}

TEST_F(SettleTest, OneFrameASecondThatNeverSettlesIsTakenWithinTheTimeout) {
    camera.frameTime = seconds{1};
    camera.script = {kSearchingExposure};

    take(seconds{4});

    ASSERT_TRUE(isTaken());
    EXPECT_FALSE(isSettled());
    EXPECT_LE(took, seconds{3});
}

TEST_F(SettleTest, APictureWithItsOwnControlsHasThem) {
    camera.script = script(2, {.exposureMicros = 8000}, {.exposureMicros = 20'000});

    take(seconds{5}, true, {{"ExposureTime", std::int64_t{20'000}}});

    ASSERT_TRUE(isTaken());
    EXPECT_EQ(usedFrame, 3) << "the pipeline applied them two frames late";
}

TEST_F(SettleTest, ALongExposureOfOnePictureIsNoSilence) {
    take();
    camera.script = {{.states = {.aeLocked = false}, .exposureMicros = 6e6}};

    take(seconds{30}, true, {{"ExposureTime", std::int64_t{6'000'000}}, {"AnalogueGain", 1.0}});

    ASSERT_TRUE(isTaken());
    EXPECT_EQ(usedFrame, 1);
    camera.script = {kSettled};
    take();
    EXPECT_TRUE(isSettled());
    EXPECT_LE(took, seconds{1}) << "and the next one has the usual controls";
    EXPECT_TRUE(broken.empty());
}

TEST_F(SettleTest, SaysHowLongATimeoutALongExposureNeeds) {
    take(seconds{5}, true, {{"ExposureTime", std::int64_t{6'000'000}}});

    ASSERT_FALSE(isTaken());
    EXPECT_NE(results.back().error().message.find("at least 13s"), std::string::npos) << results.back().error().message;
}

class LongExposureTest : public SettleTest {
  protected:
    LongExposureTest() {
        config.camera.controls = {{"ExposureTime", std::int64_t{6'000'000}}, {"AnalogueGain", 1.0}};
        camera.automatic = AutomaticParts::of(config.camera.controls, false);
        camera.frameTime = seconds{6};
        camera.script = {kSearchingExposure};
    }
};

TEST_F(LongExposureTest, IsOnePictureAfterOneExposure) {
    take(seconds{30});

    EXPECT_TRUE(isSettled());
    EXPECT_EQ(usedFrame, 1);
    EXPECT_LE(took, milliseconds{6100});
}

TEST_F(LongExposureTest, IsNoSilenceWhenACaptureIsImpatient) {
    take(seconds{5});

    EXPECT_FALSE(isTaken());
    EXPECT_TRUE(broken.empty());
    EXPECT_TRUE(camera.isStreaming);
    take(seconds{15});
    EXPECT_TRUE(isTaken());
    EXPECT_EQ(camera.starts, 1);
}

TEST_F(LongExposureTest, IsNoSilenceForALookAtIt) {
    int looks = 0;
    pipeline().look([&looks](const Frame&, Transform) { ++looks; });

    loop.advance(seconds{13});

    EXPECT_EQ(looks, 1);
    EXPECT_TRUE(broken.empty());
    EXPECT_EQ(camera.starts, 1);
}

TEST_F(LongExposureTest, AndTheCameraIsSilentAfterAWhileAllTheSame) {
    camera.frameTime = std::chrono::hours{1};

    take(std::chrono::minutes{1});

    EXPECT_FALSE(isTaken());
    EXPECT_EQ(broken.size(), 1U);
}

}  // namespace
}  // namespace edge
