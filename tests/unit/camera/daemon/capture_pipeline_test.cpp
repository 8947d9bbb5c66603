// SPDX-License-Identifier: MIT
#include "camera/daemon/capture_pipeline.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "camera/controls.hpp"
#include "core/system/log.hpp"
#include "fakes/held_executor.hpp"
#include "fakes/manual_loop.hpp"
#include "unit/camera/fake_camera.hpp"

namespace edge {
namespace {

class CapturePipelineTest : public testing::Test {
  protected:
    CapturePipelineTest() {
        config.camera.width = 64;
        config.camera.height = 64;
        config.camera.keepWarm = seconds{30};
        config.device.name = "pi";
    }

    CapturePipeline& pipeline() {
        if (!pipeline_) {
            CapturePipeline::Events events;
            events.working = [this] { ++working; };
            events.broken = [this](const Error& error) { broken.push_back(error); };
            events.hopeless = [this] { ++hopeless; };
            const std::vector<std::shared_ptr<Executor>> strands{one, two};
            pipeline_ = std::make_unique<CapturePipeline>(loop, camera, strands, config, std::move(events));
        }
        return *pipeline_;
    }

    /// Captures; the outcome ends in `answers` as "<name>:ok" or "<name>:<code>".
    std::uint64_t capture(const std::string& name, milliseconds timeout = seconds{5}, int width = 64, int height = 64,
                          const Controls& controls = {}) {
        const Capture request{1,    width, height,  90, 1 << 20, bootTimeNow(), bootTimeNow() + timeout,
                              true, false, controls};
        const std::uint64_t ticket = pipeline().capture(request, [this, name](const Result<FinishedPicture>& result) {
            answers.push_back(name + (result ? ":ok" : ":" + std::to_string(static_cast<int>(result.error().code))));
            if (result) last = *result;
            if (!result) lastError = result.error();
        });
        loop.runPending();
        return ticket;
    }

    std::uint64_t live(const std::string& name, int width = 64, int height = 64) {
        const Capture request{1, width, height, 60, 1 << 20, bootTimeNow(), bootTimeNow() + seconds{5}, false, true};
        const std::uint64_t ticket = pipeline().capture(request, [this, name](const Result<FinishedPicture>& result) {
            answers.push_back(name + (result ? ":ok" : ":" + std::to_string(static_cast<int>(result.error().code))));
            if (result) last = *result;
        });
        loop.runPending();
        return ticket;
    }

    /// So large that a thread encodes it.
    void captureLarge(const std::string& name) { capture(name, seconds{5}, 1280, 720); }
    void deliverLarge() {
        camera.deliver(1280, 720);
        loop.runPending();
    }

    /// A frame comes and is encoded, and so on, until nobody waits.
    void serveAll() {
        for (int i = 0; i < 200; ++i) {
            if (camera.demand) camera.deliver();
            loop.runPending();
            one->runAll();
            two->runAll();
            loop.runPending();
        }
    }

    static std::string timeout() { return ":" + std::to_string(static_cast<int>(Errc::kTimeout)); }

    ManualLoop loop;
    FakeCamera camera;
    Config config;
    std::shared_ptr<HeldExecutor> one = std::make_shared<HeldExecutor>();
    std::shared_ptr<HeldExecutor> two = std::make_shared<HeldExecutor>();
    std::vector<std::string> answers;
    std::vector<Error> broken;
    FinishedPicture last;
    Error lastError;
    int working = 0;
    int hopeless = 0;

  private:
    std::unique_ptr<CapturePipeline> pipeline_;
};

TEST_F(CapturePipelineTest, GivesEachCaptureAPictureInOrder) {
    for (int i = 0; i < 20; ++i) capture(std::to_string(i));

    serveAll();

    ASSERT_EQ(answers.size(), 20U);
    for (std::size_t i = 0; i < answers.size(); ++i) EXPECT_EQ(answers[i], std::to_string(i) + ":ok");
    EXPECT_EQ(camera.demands, 20);
    EXPECT_EQ(last.camera, "fake");
    EXPECT_EQ(last.rendered.width, 64);
}

TEST_F(CapturePipelineTest, TakesTheNextFrameWhileTheLastIsEncoded) {
    captureLarge("a");
    captureLarge("b");

    deliverLarge();

    EXPECT_TRUE(camera.demand) << "a is still being encoded";
    EXPECT_TRUE(answers.empty());
}

TEST_F(CapturePipelineTest, EncodesASmallPictureOnTheLoop) {
    capture("a");
    capture("b");
    camera.deliver();
    loop.runPending();
    camera.deliver();
    loop.runPending();

    EXPECT_EQ(answers, (std::vector<std::string>{"a:ok", "b:ok"}));
    EXPECT_TRUE(one->tasks.empty());
}

TEST_F(CapturePipelineTest, LeavesALargePictureToAThread) {
    captureLarge("a");
    deliverLarge();

    EXPECT_TRUE(answers.empty());
    EXPECT_EQ(one->tasks.size(), 1U);
}

TEST_F(CapturePipelineTest, TellsInTheDebugLogWhereThePicturesTimeWent) {
    testing::internal::CaptureStderr();
    log::setLevel(log::Level::kDebug);
    capture("a");
    camera.deliver();
    loop.runPending();
    log::setLevel(log::Level::kInfo);
    const std::string said = testing::internal::GetCapturedStderr();

    EXPECT_NE(said.find("a picture of 64x64: its exposure began "), std::string::npos) << said;
    EXPECT_NE(said.find("encoding took "), std::string::npos) << said;
}

TEST_F(CapturePipelineTest, TakesNoMoreFramesThanItCanEncode) {
    for (const char* name : {"a", "b", "c"}) captureLarge(name);
    deliverLarge();
    deliverLarge();

    EXPECT_FALSE(camera.demand);
    EXPECT_EQ(camera.leased(), 2);
}

TEST_F(CapturePipelineTest, AnswersInOrderWhenTheSecondIsEncodedFirst) {
    captureLarge("a");
    captureLarge("b");
    deliverLarge();
    deliverLarge();

    two->runAll();
    loop.runPending();
    EXPECT_TRUE(answers.empty());
    one->runAll();
    loop.runPending();

    EXPECT_EQ(answers, (std::vector<std::string>{"a:ok", "b:ok"}));
}

TEST_F(CapturePipelineTest, GivesBackEveryFrame) {
    for (int i = 0; i < 5; ++i) capture("x");
    serveAll();

    EXPECT_EQ(camera.leased(), 0);
}

TEST_F(CapturePipelineTest, NeverUsesAFrameFromBeforeTheCapture) {
    capture("a");
    const BootTime asked = camera.demandedNotBefore;

    camera.deliver(64, 64, asked);
    serveAll();

    EXPECT_EQ(answers, std::vector<std::string>{"a:ok"});
    EXPECT_EQ(camera.demands, 2) << "the frame that began when the capture came was too early";
}

TEST_F(CapturePipelineTest, DoesNotWaitForAFrameFromTheFuture) {
    const Capture request{1, 64, 64, 90, 1 << 20, bootTimeNow() + std::chrono::hours{1}, bootTimeNow() + seconds{5}};
    pipeline().capture(request,
                       [this](const Result<FinishedPicture>& result) { answers.emplace_back(result ? "ok" : "no"); });
    loop.runPending();

    EXPECT_LE(camera.demandedNotBefore, bootTimeNow());
}

TEST_F(CapturePipelineTest, AnswersByTheDeadline) {
    capture("a", seconds{2});

    loop.advance(milliseconds{1900});
    EXPECT_TRUE(answers.empty());
    loop.advance(milliseconds{200});

    EXPECT_EQ(answers, std::vector<std::string>{"a" + timeout()});
}

TEST_F(CapturePipelineTest, AnswersByTheDeadlineWhileEncodingHangs) {
    capture("a", seconds{2}, 1280, 720);
    camera.deliver(1280, 720);
    loop.runPending();

    loop.advance(seconds{3});

    EXPECT_EQ(answers, std::vector<std::string>{"a" + timeout()});
    one->runAll();
    loop.runPending();
    EXPECT_EQ(answers.size(), 1U);
}

TEST_F(CapturePipelineTest, DoesNotKeepAShortCaptureWaitingBehindALongOne) {
    capture("long", seconds{20});
    capture("short", seconds{1});

    loop.advance(seconds{2});

    EXPECT_EQ(answers, std::vector<std::string>{"short" + timeout()});
}

TEST_F(CapturePipelineTest, StartsASilentCameraAfresh) {
    capture("a", seconds{4});
    loop.advance(seconds{5});

    EXPECT_FALSE(camera.isStreaming);
    ASSERT_EQ(broken.size(), 1U);
    EXPECT_EQ(broken[0].code, Errc::kTimeout);
    capture("b");
    serveAll();

    EXPECT_EQ(answers.back(), "b:ok");
    EXPECT_EQ(camera.requests.size(), 2U);
    EXPECT_EQ(hopeless, 0);
}

TEST_F(CapturePipelineTest, GivesUpOnACameraThatStaysSilent) {
    capture("a", seconds{4});
    loop.advance(seconds{5});
    EXPECT_EQ(hopeless, 0);
    capture("b", seconds{4});
    loop.advance(seconds{5});

    EXPECT_EQ(hopeless, 1);
}

TEST_F(CapturePipelineTest, NoticesSilenceAlsoWhenEveryCaptureIsImpatient) {
    for (int i = 0; i < 3; ++i) {
        capture("x", seconds{1});
        loop.advance(milliseconds{1500});
    }

    EXPECT_FALSE(broken.empty());
}

TEST_F(CapturePipelineTest, DoesNotCallAnImpatientCaptureSilence) {
    capture("a", milliseconds{50});
    loop.advance(milliseconds{100});

    EXPECT_TRUE(broken.empty());
    EXPECT_TRUE(camera.isStreaming);
}

TEST_F(CapturePipelineTest, TellsAllThatWaitWhyTheCameraDoesNotStart) {
    camera.startError = Error{Errc::kBusy, "in use by another program"};
    capture("a");
    capture("b");

    EXPECT_EQ(answers.size(), 2U);
    EXPECT_EQ(lastError.message, "in use by another program");
    EXPECT_EQ(broken.size(), 2U);
}

TEST_F(CapturePipelineTest, FailsWhatWaitsWhenTheCameraGoes) {
    capture("encoding", seconds{5}, 1280, 720);
    camera.deliver(1280, 720);
    loop.runPending();
    capture("waiting", seconds{5}, 1280, 720);

    pipeline().cameraLost({Errc::kUnavailable, "unplugged"});
    one->runAll();
    loop.runPending();

    EXPECT_EQ(answers, (std::vector<std::string>{"encoding:ok",
                                                 "waiting:" + std::to_string(static_cast<int>(Errc::kUnavailable))}));
}

TEST_F(CapturePipelineTest, FailsWhatWaitsWhenTheStreamBreaks) {
    capture("a");
    std::exchange(camera.demand, nullptr)(fail(Errc::kUnavailable, "broken frames"));
    loop.runPending();

    EXPECT_EQ(lastError.message, "broken frames");
    EXPECT_EQ(broken.size(), 1U);
}

TEST_F(CapturePipelineTest, DoesNotAnswerWhatWasCancelled) {
    const auto ticket = capture("a");
    capture("b");
    pipeline().cancel(ticket);
    serveAll();

    EXPECT_EQ(answers, std::vector<std::string>{"b:ok"});
}

TEST_F(CapturePipelineTest, StaysWarmForAWhileAndThenStops) {
    capture("a");
    serveAll();
    EXPECT_TRUE(camera.isStreaming);

    loop.advance(seconds{29});
    capture("b");
    serveAll();
    loop.advance(seconds{29});
    EXPECT_TRUE(camera.isStreaming);
    EXPECT_EQ(camera.requests.size(), 1U) << "it was warm";
    loop.advance(seconds{2});

    EXPECT_FALSE(camera.isStreaming);
    EXPECT_TRUE(pipeline().isQuiet());
}

TEST_F(CapturePipelineTest, StopsAtOnceWhenItShallNotStayWarm) {
    config.camera.keepWarm = milliseconds{0};
    capture("a");
    serveAll();

    EXPECT_FALSE(camera.isStreaming);
}

TEST_F(CapturePipelineTest, NeverStopsWhenItShallAlwaysBeWarm) {
    config.camera.keepWarm = milliseconds::max();
    pipeline().warmUp();
    EXPECT_TRUE(camera.isStreaming);
    capture("a");
    serveAll();
    loop.advance(std::chrono::hours{48});

    EXPECT_TRUE(camera.isStreaming);
}

TEST_F(CapturePipelineTest, StartsAgainOnlyForAnotherSize) {
    capture("a");
    capture("b");
    capture("c", seconds{5}, 128, 96);
    serveAll();

    EXPECT_EQ(answers, (std::vector<std::string>{"a:ok", "b:ok", "c:ok"}));
    ASSERT_EQ(camera.requests.size(), 2U);
    EXPECT_EQ(camera.requests[1].width, 128);
}

TEST_F(CapturePipelineTest, AsksTheCameraForTheSidewaysSizeOfAQuarterTurn) {
    config.camera.rotation = 90;
    capture("a", seconds{5}, 128, 64);

    ASSERT_EQ(camera.requests.size(), 1U);
    EXPECT_EQ(camera.requests[0].width, 64);
    EXPECT_EQ(camera.requests[0].height, 128);
}

TEST_F(CapturePipelineTest, SaysThatAPictureHadToBeEnlarged) {
    capture("a", seconds{5}, 128, 96);
    serveAll();

    EXPECT_NE(last.rendered.reduced.find("64x64"), std::string::npos) << last.rendered.reduced;
    EXPECT_EQ(last.rendered.width, 128);
}

TEST_F(CapturePipelineTest, VerifiesWithoutEncoding) {
    bool isOk = false;
    pipeline().verify(seconds{5}, [&](const Result<FinishedPicture>& result) { isOk = result.has_value(); });
    loop.runPending();
    camera.deliver();
    loop.runPending();

    EXPECT_TRUE(isOk);
    EXPECT_TRUE(one->tasks.empty());
}

TEST_F(CapturePipelineTest, ALookGetsAFrameOfItsOwnWhenNobodyElseWantsOne) {
    int looks = 0;
    pipeline().look([&](const Frame&, Transform) { ++looks; });
    loop.runPending();
    ASSERT_TRUE(camera.demand);
    camera.deliver();
    loop.runPending();
    EXPECT_EQ(looks, 1);
    EXPECT_FALSE(camera.demand) << "once";
}

TEST_F(CapturePipelineTest, ALookSharesTheFrameOfACaptureAndKeepsItFromNothing) {
    int looks = 0;
    pipeline().look([&](const Frame&, Transform) { ++looks; });
    loop.runPending();
    const BootTime forLook = camera.demandedNotBefore;
    capture("a");
    EXPECT_GT(camera.demandedNotBefore, forLook) << "the capture's own demand takes the place of the look's";
    camera.deliver();
    loop.runPending();
    EXPECT_EQ(looks, 1);
    serveAll();
    EXPECT_EQ(answers, std::vector<std::string>{"a:ok"});
    EXPECT_EQ(camera.demands, 2);
}

TEST_F(CapturePipelineTest, ALookUsesTheSizeThatIsStreamed) {
    capture("a", seconds{5}, 128, 128);
    serveAll();
    pipeline().look([](const Frame&, Transform) {});
    loop.runPending();
    EXPECT_EQ(camera.requests.size(), 1U) << "the camera was not started again";
}

TEST_F(CapturePipelineTest, ALookInVainShowsThatTheCameraIsSilent) {
    pipeline().look([](const Frame&, Transform) { FAIL(); });
    loop.runPending();
    loop.advance(silenceLimit(milliseconds{0}));
    ASSERT_EQ(broken.size(), 1U);
    EXPECT_FALSE(camera.isStreaming);
}

TEST_F(CapturePipelineTest, ADamagedFrameCostsAFrameAndNotTheCapture) {
    capture("a");
    capture("b");
    for (int i = 0; i + 1 < CapturePipeline::kMaxDamagedFrames; ++i) {
        ASSERT_TRUE(camera.demand);
        camera.deliverJpeg({0xFF, 0xD8, 0xFF, 0xD9}, 64, 64);
        loop.runPending();
    }
    EXPECT_TRUE(answers.empty());
    serveAll();

    EXPECT_EQ(answers, (std::vector<std::string>{"a:ok", "b:ok"}));
    EXPECT_EQ(camera.leased(), 0);
    EXPECT_TRUE(broken.empty());
}

TEST_F(CapturePipelineTest, SaysThatTheCameraGivesOnlyDamagedFrames) {
    capture("a");
    for (int i = 0; i < CapturePipeline::kMaxDamagedFrames; ++i) {
        ASSERT_TRUE(camera.demand);
        camera.deliverJpeg({0xFF, 0xD8, 0xFF, 0xD9}, 64, 64);
        loop.runPending();
    }

    EXPECT_EQ(answers, (std::vector<std::string>{"a:" + std::to_string(static_cast<int>(Errc::kFault))}));
}

TEST_F(CapturePipelineTest, AnswersByTheDeadlineWhileFramesAreDamaged) {
    capture("a", seconds{2});
    camera.deliverJpeg({0xFF, 0xD8, 0xFF, 0xD9}, 64, 64);
    loop.advance(seconds{2});

    EXPECT_EQ(answers, (std::vector<std::string>{"a" + timeout()}));
}

TEST_F(CapturePipelineTest, WaitsForTheEndOfALongStartUp) {
    capture("a", seconds{100});
    for (int i = 0; i < 90; ++i) {  // one frame a second, more than may be broken, longer than silence may be
        loop.advance(seconds{1});
        ASSERT_TRUE(camera.demand) << i;
        camera.deliverStartup();
        loop.runPending();
    }
    EXPECT_TRUE(answers.empty());
    EXPECT_EQ(working, 0);
    camera.deliver();
    loop.runPending();

    EXPECT_EQ(answers, (std::vector<std::string>{"a:ok"}));
    EXPECT_EQ(camera.stops, 0);
    EXPECT_EQ(hopeless, 0);
    EXPECT_TRUE(broken.empty());
}

TEST_F(CapturePipelineTest, AStartUpFrameShowsThatTheCameraWorks) {
    bool isGood = false;
    pipeline().verify(seconds{5}, [&](const Result<FinishedPicture>& result) { isGood = result.has_value(); });
    loop.runPending();
    camera.deliverStartup();
    loop.runPending();

    EXPECT_TRUE(isGood);
}

TEST_F(CapturePipelineTest, ACaptureThatEndsDuringStartUpIsNoSilence) {
    for (int i = 0; i < CapturePipeline::kMaxSilences + 1; ++i) {
        capture("a", seconds{4});
        for (int second = 0; second < 4; ++second) {
            if (camera.demand) camera.deliverStartup();
            loop.advance(seconds{1});
        }
    }

    EXPECT_EQ(answers.size(), static_cast<std::size_t>(CapturePipeline::kMaxSilences + 1));
    EXPECT_EQ(camera.stops, 0);
    EXPECT_EQ(hopeless, 0);
}

TEST_F(CapturePipelineTest, ALookNeverGetsAStartUpFrame) {
    int looks = 0;
    pipeline().look([&](const Frame& frame, Transform) {
        EXPECT_FALSE(frame.isStartup);
        ++looks;
    });
    loop.runPending();
    for (int i = 0; i < 10; ++i) {
        loop.advance(seconds{1});
        camera.deliverStartup();
        loop.runPending();
    }
    EXPECT_EQ(looks, 0);
    camera.deliver();
    loop.runPending();

    EXPECT_EQ(looks, 1);
    EXPECT_TRUE(broken.empty());
}

TEST_F(CapturePipelineTest, ALivePictureMayBeExposedBeforeItsRequest) {
    const BootTime before = bootTimeNow();
    live("l");
    camera.deliver(64, 64, before);
    loop.runPending();

    EXPECT_EQ(answers, std::vector<std::string>{"l:ok"});
}

TEST_F(CapturePipelineTest, NoFrameIsInTwoLivePictures) {
    const BootTime exposed = bootTimeNow();
    live("a");
    camera.deliver(64, 64, exposed);
    loop.runPending();
    live("b");
    EXPECT_EQ(camera.demandedNotBefore, exposed);
    camera.deliver(64, 64, exposed);
    loop.runPending();
    EXPECT_EQ(answers, std::vector<std::string>{"a:ok"});

    camera.deliver();
    loop.runPending();
    EXPECT_EQ(answers, (std::vector<std::string>{"a:ok", "b:ok"}));
}

TEST_F(CapturePipelineTest, ACaptureTakesTheDemandOfALivePicture) {
    live("l");
    capture("c", seconds{5}, 1280, 720);
    EXPECT_EQ(camera.requests.back().width, 1280);

    deliverLarge();
    EXPECT_TRUE(answers.empty());
    EXPECT_EQ(one->tasks.size(), 1U) << "the capture";
    EXPECT_EQ(two->tasks.size(), 1U) << "the same frame serves live view";
    two->runAll();
    loop.runPending();
    EXPECT_EQ(answers, std::vector<std::string>{"l:ok"}) << "does not wait for its turn";
    EXPECT_EQ(last.rendered.width, 64);
    one->runAll();
    loop.runPending();
    EXPECT_EQ(answers.back(), "c:ok");
    EXPECT_EQ(last.rendered.width, 1280);
}

TEST_F(CapturePipelineTest, ALivePictureDoesNotKeepACaptureWaiting) {
    captureLarge("a");
    captureLarge("b");
    live("l");
    deliverLarge();
    deliverLarge();

    EXPECT_EQ(one->tasks.size(), 1U);
    EXPECT_EQ(two->tasks.size(), 1U);
    serveAll();
    EXPECT_EQ(answers, (std::vector<std::string>{"a:ok", "b:ok", "l:ok"}));
}

TEST_F(CapturePipelineTest, LivePicturesLeaveTheStreamOfACaptureAlone) {
    capture("c", seconds{5}, 1280, 720);
    serveAll();
    live("l");
    EXPECT_EQ(camera.requests.size(), 1U);
    serveAll();
    EXPECT_EQ(answers.back(), "l:ok");

    loop.advance(config.camera.keepWarm - seconds{1});
    live("l");
    serveAll();
    EXPECT_EQ(camera.requests.size(), 1U);
    loop.advance(seconds{2});
    live("l");
    EXPECT_EQ(camera.requests.size(), 2U) << "no capture for camera.keep_warm";
    EXPECT_EQ(camera.requests.back().width, 64);
}

TEST_F(CapturePipelineTest, LivePicturesTakeNoStreamThatIsTooSmall) {
    capture("c");
    serveAll();
    live("l", 640, 480);

    EXPECT_EQ(camera.requests.back().width, 640);
}

TEST_F(CapturePipelineTest, TheCameraStreamsFromOneLivePictureToTheNext) {
    config.camera.keepWarm = milliseconds{0};
    live("a");
    serveAll();
    EXPECT_TRUE(camera.isStreaming);
    loop.advance(CapturePipeline::kLivePause - milliseconds{100});
    live("b");
    serveAll();
    EXPECT_EQ(camera.requests.size(), 1U);

    loop.advance(CapturePipeline::kLivePause + milliseconds{100});
    EXPECT_FALSE(camera.isStreaming);
}

TEST_F(CapturePipelineTest, ASilentCameraIsStartedAfreshForLivePictures) {
    live("l");
    loop.advance(silenceLimit(milliseconds{0}) + milliseconds{100});
    EXPECT_EQ(broken.size(), 1U);
    EXPECT_EQ(camera.requests.size(), 2U);

    serveAll();
    EXPECT_EQ(answers, std::vector<std::string>{"l:ok"});
}

TEST_F(CapturePipelineTest, ALivePictureMayBeCancelled) {
    const std::uint64_t ticket = live("l");
    pipeline().cancel(ticket);
    serveAll();

    EXPECT_TRUE(answers.empty());
}

class ControlsTest : public CapturePipelineTest {
  protected:
    void captureAt(const std::string& name, double brightness) {
        capture(name, seconds{5}, 64, 64, {{"Brightness", brightness}});
    }
    /// Of all starts so far.
    [[nodiscard]] std::vector<double> brightness() const {
        std::vector<double> values;
        for (const StreamRequest& request : camera.requests)
            values.push_back(numberOf(request.controls, "Brightness").value_or(0));
        return values;
    }
};

TEST_F(ControlsTest, AreThoseOfOnePictureAndTheNextHasTheUsualOnes) {
    capture("usual");
    captureAt("own", 0.5);
    capture("usual again");
    serveAll();

    EXPECT_EQ(answers, (std::vector<std::string>{"usual:ok", "own:ok", "usual again:ok"}));
    EXPECT_EQ(brightness(), (std::vector<double>{0, 0.5, 0}));
}

TEST_F(ControlsTest, AreKeptWithinASeriesThatHasThem) {
    for (int i = 0; i < 3; ++i) {
        captureAt("own", 0.5);
        serveAll();
    }
    captureAt("other", 0.2);
    serveAll();

    EXPECT_EQ(brightness(), (std::vector<double>{0.5, 0.2}));
}

TEST_F(ControlsTest, AreRefusedBeforeAnythingIsDone) {
    capture("usual");
    serveAll();
    camera.checkError = Error{Errc::kInvalid, "controls.Brightness: no such control"};
    captureAt("own", 0.5);

    EXPECT_EQ(answers.back(), "own:" + std::to_string(static_cast<int>(Errc::kInvalid)));
    EXPECT_EQ(lastError.message, camera.checkError->message);
    EXPECT_EQ(camera.requests.size(), 1U);
    EXPECT_TRUE(camera.isStreaming);
    EXPECT_TRUE(broken.empty()) << "nothing is wrong with the camera";
}

TEST_F(ControlsTest, AreGoneAfterAnErrorToo) {
    captureAt("own", 0.5);
    std::exchange(camera.demand, nullptr)(fail(Errc::kUnavailable, "broken frames"));
    loop.runPending();
    capture("usual");
    serveAll();

    EXPECT_EQ(answers.back(), "usual:ok");
    EXPECT_EQ(brightness(), (std::vector<double>{0.5, 0}));
}

TEST_F(ControlsTest, AreGoneAfterATimeoutToo) {
    captureAt("own", 0.5);
    loop.advance(milliseconds{2500});
    capture("usual");
    loop.advance(milliseconds{2600});
    serveAll();

    EXPECT_EQ(answers, (std::vector<std::string>{"own" + timeout(), "usual:ok"}));
    EXPECT_EQ(brightness().back(), 0);
}

TEST_F(ControlsTest, OfACancelledCaptureAreNotWaitedFor) {
    const auto ticket = capture("own", seconds{5}, 64, 64, {{"Brightness", 0.5}});
    capture("usual");
    pipeline().cancel(ticket);
    loop.runPending();

    EXPECT_EQ(brightness(), (std::vector<double>{0.5, 0}));
    serveAll();
    EXPECT_EQ(answers, std::vector<std::string>{"usual:ok"});
}

TEST_F(ControlsTest, AreNotSeenByALook) {
    std::vector<std::size_t> lookedAt;  // the number of the stream
    captureAt("own", 0.5);
    pipeline().look([&](const Frame&, Transform) { lookedAt.push_back(camera.requests.size()); });
    serveAll();

    EXPECT_EQ(answers, std::vector<std::string>{"own:ok"});
    EXPECT_EQ(lookedAt, std::vector<std::size_t>{2});
    EXPECT_EQ(brightness(), (std::vector<double>{0.5, 0}));
}

TEST_F(ControlsTest, DoNotStayWithACameraThatIsAlwaysWarm) {
    config.camera.keepWarm = milliseconds::max();
    captureAt("own", 0.5);
    serveAll();

    EXPECT_EQ(brightness(), (std::vector<double>{0.5, 0}));
    EXPECT_TRUE(camera.isStreaming);
}

}  // namespace
}  // namespace edge
