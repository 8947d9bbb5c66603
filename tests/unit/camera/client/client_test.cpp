// SPDX-License-Identifier: MIT
#include "camera/client/client.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "camera/controls.hpp"
#include "fake_link.hpp"
#include "fakes/manual_loop.hpp"

namespace edge {
namespace {

class CameraClientTest : public testing::Test {
  protected:
    CameraClient& client() {
        if (!client_) {
            client_ = std::make_unique<CameraClient>(loop, config, std::make_unique<FakeLink>(link));
            client_->onStateChange([this](const CameraState& state) { states.push_back(state); });
        }
        return *client_;
    }

    /// A client whose camera has been found.
    CameraClient& online() {
        client();
        loop.advance(milliseconds{1});
        link->greet();
        loop.runPending();
        return *client_;
    }

    /// The configuration is read again as it is after `change`.
    void reload(const std::function<void()>& change) {
        const Config before = config;
        change();
        client().onReload(before);
        loop.runPending();
    }

    void capture(const std::string& name, milliseconds timeout = seconds{5}) {
        PictureRequest request;
        request.timeout = timeout;
        client().capture(request, [this, name](const Result<Picture>& result) {
            answers.push_back(name + (result ? ":ok" : ":" + std::to_string(static_cast<int>(result.error().code))));
            if (!result) lastError = result.error().message;
        });
    }
    [[nodiscard]] static std::string code(Errc code) { return ":" + std::to_string(static_cast<int>(code)); }

    ManualLoop loop;
    Config config;
    std::shared_ptr<FakeLinkState> link = std::make_shared<FakeLinkState>();
    std::vector<std::string> answers;
    std::string lastError;
    std::vector<CameraState> states;
    std::unique_ptr<CameraClient> client_;
};

TEST_F(CameraClientTest, LooksForTheCameraWhenItIsMade) {
    online();

    EXPECT_EQ(link->sent<Hello>(), std::vector<Hello>{Hello{}});
    ASSERT_EQ(states.size(), 1U);
    EXPECT_TRUE(states[0].online);
    EXPECT_EQ(states[0].model, "fake");
}

TEST_F(CameraClientTest, TellsTheProgramTheSettingsThatConcernIt) {
    config.overrides = {{"camera.motion.enabled", "false"}, {"telemetry.interval", "\"2s\""}};
    config.settings = {{"camera.motion.enabled", "true"}, {"telemetry.interval", "\"10s\""}};
    online();
    ASSERT_EQ(link->sent<Hello>().size(), 1U);
    EXPECT_EQ(link->sent<Hello>()[0].settings, R"({"camera.motion.enabled":true})");
}

TEST_F(CameraClientTest, DeliversAPicture) {
    online();
    Picture picture;
    client().capture({}, [&](const Result<Picture>& result) { picture = result.value_or(Picture{}); });
    loop.runPending();
    ASSERT_EQ(link->sent<Capture>().size(), 1U);
    link->receivePicture(link->sent<Capture>()[0].id);

    EXPECT_EQ(picture.jpeg, "\xFF\xD8\xFF\xD9");
    EXPECT_EQ(picture.camera, "fake");
}

TEST_F(CameraClientTest, PassesAPictureOnToBeConverted) {
    online();
    const std::string source = "\xFF\xD8\xFF\xE0 a picture \xFF\xD9";
    Picture picture;
    client().convert(source, WallTime{seconds{5}}, {.width = 320, .height = 240, .quality = 50, .timeout = seconds{30}},
                     [&](const Result<Picture>& result) { picture = result.value_or(Picture{}); });
    loop.runPending();
    ASSERT_EQ(link->sent<Convert>().size(), 1U);
    const Convert sent = link->sent<Convert>().front();
    EXPECT_EQ(sent, (Convert{sent.id, source.size(), 320, 240, 50, 900'000, WallTime{seconds{5}}}));
    link->receivePicture(sent.id);
    EXPECT_EQ(picture.jpeg, "\xFF\xD8\xFF\xD9");

    client().convert(source, {}, {}, [](const Result<Picture>&) {});
    loop.runPending();
    link->end("died");
    loop.advance(CameraClient::kRetryMin);
    link->greet();
    loop.runPending();
    EXPECT_EQ(link->sources, std::vector<std::string>(3, source)) << "the next program gets it, too";
}

TEST_F(CameraClientTest, FillsInWhatIsConfigured) {
    config.camera.width = 1280;
    config.camera.height = 720;
    config.image.quality = 71;
    online();
    PictureRequest request;
    request.height = 480;
    client().capture(request, [](const Result<Picture>&) {});
    loop.runPending();

    const Capture sent = link->sent<Capture>().at(0);
    EXPECT_EQ(sent.width, 1280);
    EXPECT_EQ(sent.height, 480);
    EXPECT_EQ(sent.quality, 71);
    EXPECT_EQ(sent.maxBytes, 900'000U);
    EXPECT_GT(sent.notBefore, BootTime{});
    EXPECT_GT(sent.deadline, sent.notBefore);
}

TEST_F(CameraClientTest, SendsAtMostThreeAhead) {
    online();
    for (int i = 0; i < 10; ++i) capture(std::to_string(i));
    loop.runPending();
    EXPECT_EQ(link->sent<Capture>().size(), 3U);

    for (std::size_t i = 0; i < 10; ++i) {
        link->receivePicture(link->sent<Capture>().at(i).id);
        loop.runPending();
    }

    ASSERT_EQ(answers.size(), 10U);
    for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(answers[i], std::to_string(i) + ":ok");
}

TEST_F(CameraClientTest, AnswersByTheTimeoutAndDropsWhatComesLate) {
    online();
    capture("a", seconds{2});
    loop.runPending();
    const auto id = link->sent<Capture>().at(0).id;
    loop.advance(seconds{2});
    EXPECT_EQ(answers, std::vector<std::string>{"a" + code(Errc::kTimeout)});
    EXPECT_EQ(link->sent<Cancel>(), std::vector<Cancel>{Cancel{id}});

    link->receivePicture(id);
    loop.advance(seconds{5});

    EXPECT_EQ(answers.size(), 1U);
    EXPECT_EQ(link->aborted, 0) << "late, but alive";

    capture("b");
    loop.runPending();
    link->receivePicture(link->sent<Capture>().back().id);
    EXPECT_EQ(answers.back(), "b:ok") << "in the memory that came with the late one";
}

TEST_F(CameraClientTest, EndsAProgramThatDoesNotReadACancel) {
    online();
    capture("a", seconds{2});
    loop.runPending();
    link->sendError = Error{Errc::kBusy, "the other side does not read"};
    loop.advance(seconds{2} + CameraClient::kSilenceLimit);

    EXPECT_EQ(link->aborted, 1);
}

TEST_F(CameraClientTest, EndsAProgramThatIsSilentAndServesTheNextCaptureWithAnother) {
    online();
    capture("a", seconds{2});
    loop.advance(seconds{2});
    capture("b", seconds{10});
    loop.runPending();
    EXPECT_EQ(link->sent<Capture>().size(), 1U) << "nothing more goes to a program that may hang";

    loop.advance(CameraClient::kSilenceLimit);
    EXPECT_EQ(link->aborted, 1);
    EXPECT_FALSE(client().state().online);
    loop.advance(seconds{1});
    EXPECT_EQ(link->opened, 2);
    link->end("closed the connection");  // systemd clears the hung one away
    loop.advance(CameraClient::kFastRetry);
    EXPECT_EQ(link->opened, 3);
    link->greet();
    loop.runPending();
    link->receivePicture(link->sent<Capture>().at(1).id);

    EXPECT_EQ(answers, (std::vector<std::string>{"a" + code(Errc::kTimeout), "b:ok"}));
    EXPECT_TRUE(client().state().online);
}

TEST_F(CameraClientTest, SendsAgainOnceWhatAProgramDiedOver) {
    online();
    for (int i = 0; i < 4; ++i) capture(std::to_string(i), seconds{20});
    loop.runPending();
    link->end("was killed by signal 9 (Killed)");
    loop.runPending();
    EXPECT_TRUE(answers.empty());
    EXPECT_FALSE(client().state().online);

    loop.advance(seconds{1});
    link->greet();
    loop.runPending();
    ASSERT_EQ(link->sent<Capture>().size(), 6U);
    for (std::size_t i = 3; i < 6; ++i) link->receivePicture(link->sent<Capture>().at(i).id);
    EXPECT_EQ(answers, (std::vector<std::string>{"0:ok", "1:ok", "2:ok"}));
}

TEST_F(CameraClientTest, TellsWhatWasUnderWayTwiceThatTheProgramDied) {
    online();
    for (int i = 0; i < 4; ++i) capture(std::to_string(i), seconds{20});
    loop.runPending();
    link->end("was killed by signal 11 (Segmentation fault)");
    loop.advance(seconds{1});
    link->greet();
    loop.runPending();
    link->end("was killed by signal 11 (Segmentation fault)");
    loop.runPending();

    EXPECT_EQ(answers.size(), 3U);
    EXPECT_NE(lastError.find("signal 11"), std::string::npos);
    loop.advance(seconds{2});
    link->greet();
    loop.runPending();
    link->receivePicture(link->sent<Capture>().back().id);
    EXPECT_EQ(answers.back(), "3:ok");
}

TEST_F(CameraClientTest, TellsWhatHasNoTimeToBeSentAgainThatTheProgramDied) {
    online();
    capture("a", milliseconds{900});
    loop.runPending();
    link->end("was killed by signal 11 (Segmentation fault)");
    loop.runPending();

    EXPECT_EQ(answers, std::vector<std::string>{"a" + code(Errc::kUnavailable)});
    EXPECT_NE(lastError.find("signal 11"), std::string::npos);
}

TEST_F(CameraClientTest, WaitsLongerAfterEachFailureUpToAMinute) {
    link->openError = Error{Errc::kNotFound, "cannot start /x/pi-edge-camera"};
    client();
    loop.advance(milliseconds{1});
    EXPECT_EQ(link->opened, 1);

    for (const int wait : {1, 2, 4, 8, 16, 32, 60, 60}) {
        const int before = link->opened;
        loop.advance(seconds{wait} - milliseconds{10});
        EXPECT_EQ(link->opened, before) << wait;
        loop.advance(milliseconds{10});
        EXPECT_EQ(link->opened, before + 1) << wait;
    }
    EXPECT_EQ(states.size(), 1U) << "one change, one report";
}

TEST_F(CameraClientTest, TellsAtOnceWhatIsWrongInsteadOfWaitingForALateAttempt) {
    link->openError = Error{Errc::kNotFound, "cannot start /x/pi-edge-camera"};
    client();
    loop.advance(seconds{20});

    capture("a", seconds{5});
    loop.runPending();

    EXPECT_EQ(answers, std::vector<std::string>{"a" + code(Errc::kUnavailable)});
    EXPECT_NE(lastError.find("/x/pi-edge-camera"), std::string::npos);
}

TEST_F(CameraClientTest, TakesAnIdleProgramsEndForNormal) {
    online();
    link->receive(Goodbye{true, "idle"});
    link->end("ended with exit code 0");
    loop.advance(std::chrono::minutes{10});
    EXPECT_TRUE(client().state().online);
    EXPECT_EQ(link->opened, 1) << "nothing to do, nothing to start";

    capture("a");
    loop.runPending();
    EXPECT_EQ(link->opened, 2);
    link->greet();
    loop.runPending();
    link->receivePicture(link->sent<Capture>().at(0).id);

    EXPECT_EQ(answers, std::vector<std::string>{"a:ok"});
    EXPECT_EQ(states.size(), 1U);
}

TEST_F(CameraClientTest, SendsAgainWhatReachedAnIdleProgramTooLate) {
    online();
    capture("a");
    loop.runPending();
    link->receive(Goodbye{true, "idle"});
    link->end("ended with exit code 0");
    loop.runPending();
    link->greet();
    loop.runPending();
    ASSERT_EQ(link->sent<Capture>().size(), 2U);
    link->receivePicture(link->sent<Capture>().at(1).id);

    EXPECT_EQ(answers, std::vector<std::string>{"a:ok"});
}

TEST_F(CameraClientTest, TriesAgainSoonWhenSystemdStillClearsTheLastProgramAway) {
    online();
    link->receive(Goodbye{true, "idle"});
    link->end("ended with exit code 0");
    capture("a");
    loop.runPending();
    link->end("closed the connection");
    EXPECT_TRUE(answers.empty());
    loop.advance(CameraClient::kFastRetry);
    link->greet();
    loop.runPending();
    link->receivePicture(link->sent<Capture>().at(0).id);

    EXPECT_EQ(answers, std::vector<std::string>{"a:ok"});
    EXPECT_EQ(states.size(), 1U) << "it never was offline";
}

TEST_F(CameraClientTest, WaitsUntilAKilledProgramIsClearedAway) {
    online();
    link->end("closed the connection");
    capture("a");
    loop.advance(CameraClient::kRetryMin);
    link->end("closed the connection");
    EXPECT_TRUE(answers.empty());
    loop.advance(CameraClient::kFastRetry);
    link->greet();
    loop.runPending();
    link->receivePicture(link->sent<Capture>().at(0).id);

    EXPECT_EQ(answers, std::vector<std::string>{"a:ok"});
}

TEST_F(CameraClientTest, DoesNotHurryForeverAfterAProgramThatAlwaysSaysFarewell) {
    client();
    loop.advance(milliseconds{1});
    for (int i = 0; i < 10 && link->isOpen; ++i) {
        link->receive(Goodbye{true, "the configuration has changed"});
        link->end("ended with exit code 0");
        if (!states.empty()) break;
        loop.advance(CameraClient::kFastRetry);
    }

    EXPECT_EQ(link->opened, CameraClient::kFastRetries);
    ASSERT_FALSE(states.empty());
    EXPECT_FALSE(states[0].online);
}

TEST_F(CameraClientTest, KeepsLookingForACameraThatIsNotThereAndWantsToSeeAFrame) {
    client();
    loop.advance(milliseconds{1});
    link->greet(false);
    EXPECT_FALSE(client().state().online);
    EXPECT_EQ(client().state().reason, "no camera");
    loop.advance(seconds{1});
    ASSERT_EQ(link->sent<Hello>().size(), 2U);
    EXPECT_TRUE(link->sent<Hello>()[1].verify);
    EXPECT_EQ(link->opened, 1) << "the connection is still good";
    link->greet(false);
    loop.advance(seconds{2});
    EXPECT_EQ(link->sent<Hello>().size(), 3U);
    link->greet();
    loop.advance(std::chrono::hours{1});

    EXPECT_TRUE(client().state().online);
    EXPECT_EQ(link->sent<Hello>().size(), 3U);
}

TEST_F(CameraClientTest, KeepsLookingWhenTheProgramEndsInTheMiddleOfALook) {
    client();
    loop.advance(milliseconds{1});
    link->greet(false);
    loop.advance(seconds{1});
    link->receive(Goodbye{true, "idle"});
    link->end("ended with exit code 0");
    loop.runPending();

    EXPECT_EQ(link->opened, 2);
    EXPECT_EQ(link->sent<Hello>().size(), 3U);
}

TEST_F(CameraClientTest, ReportsACameraThatGoesAndComes) {
    online();
    link->receive(Description{kProtocolVersion, false, "libcamera", "", "", "the camera was unplugged"});
    EXPECT_EQ(client().state().reason, "the camera was unplugged");
    link->greet();

    EXPECT_EQ(states.size(), 3U);
    EXPECT_TRUE(client().state().online);
}

TEST_F(CameraClientTest, GivesUpOnAProgramThatDoesNotSayHello) {
    client();
    loop.advance(milliseconds{1});
    capture("a", seconds{30});
    loop.advance(CameraClient::kHelloLimit + silenceLimit(milliseconds{0}));

    EXPECT_EQ(link->aborted, 1);
    EXPECT_FALSE(client().state().online);
}

TEST_F(CameraClientTest, SaysWhichPackageToUpgrade) {
    client();
    loop.advance(milliseconds{1});
    link->receive(Description{kProtocolVersion + 1, true, "", "", "", ""});

    EXPECT_NE(client().state().reason.find("upgrade pi-edge-agent"), std::string::npos) << client().state().reason;
    EXPECT_FALSE(link->isOpen);
}

TEST_F(CameraClientTest, IgnoresAnAnswerToNoRequest) {
    online();
    link->receivePicture(77);
    link->receive(CaptureFailed{78, Errc::kTimeout, "late"});
    capture("a");
    loop.runPending();
    link->receivePicture(link->sent<Capture>()[0].id);

    EXPECT_EQ(answers, std::vector<std::string>{"a:ok"});
}

TEST_F(CameraClientTest, DropsAProgramWhosePictureIsNowhereOrTooLarge) {
    config.image.maxBytes = 10;
    online();
    capture("a");
    capture("b");
    loop.runPending();
    link->receivePicture(link->sent<Capture>().at(0).id, {0xFF, 0xD8, 0xFF, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    EXPECT_EQ(link->aborted, 1);
    EXPECT_EQ(answers, (std::vector<std::string>{"a" + code(Errc::kUnavailable), "b" + code(Errc::kUnavailable)}));

    loop.advance(seconds{1});
    link->greet();
    capture("c");
    loop.runPending();
    link->receive(PictureTaken{link->sent<Capture>().back().id, 4, 1, 1, 1, WallTime{}, "", ""});
    EXPECT_EQ(link->aborted, 2);
}

TEST_F(CameraClientTest, PassesTheProgramsSentenceOn) {
    online();
    capture("a");
    loop.runPending();
    link->receive(CaptureFailed{link->sent<Capture>().at(0).id, Errc::kTooLarge, "cannot be made that small"});

    EXPECT_EQ(answers, std::vector<std::string>{"a" + code(Errc::kTooLarge)});
    EXPECT_EQ(lastError, "cannot be made that small");
}

TEST_F(CameraClientTest, LetsAHandlerAskForTheNextPicture) {
    online();
    int taken = 0;
    std::function<void(Result<Picture>)> again = [&](const Result<Picture>&) {
        if (++taken < 3) client().capture({}, again);
    };
    client().capture({}, again);
    for (std::size_t i = 0; i < 3; ++i) {
        loop.runPending();
        link->receivePicture(link->sent<Capture>().at(i).id);
    }

    EXPECT_EQ(taken, 3);
}

TEST_F(CameraClientTest, SaysThatNoCameraIsConfigured) {
    config.camera.backend = CameraBackend::kNone;
    CameraClient none(loop, config);
    std::string message;
    none.capture({}, [&](const Result<Picture>& result) { message = result.error().message; });
    loop.runPending();

    EXPECT_FALSE(none.state().online);
    EXPECT_NE(message.find("camera.backend"), std::string::npos);
}

TEST_F(CameraClientTest, CanGoWhileThingsAreUnderWay) {
    online();
    capture("a");
    client_.reset();
    loop.advance(seconds{100});

    EXPECT_TRUE(answers.empty());
}

TEST_F(CameraClientTest, AReloadThatDoesNotConcernTheCameraLeavesItsProgramAlone) {
    online();
    reload([this] {
        config.image.quality = 50;
        config.camera.timeout = seconds{9};
        config.log.level = log::Level::kDebug;
        config.device.name = "not drawn into pictures";
    });
    capture("a");
    loop.runPending();

    EXPECT_EQ(link->sent<Hello>().size(), 1U);
    EXPECT_EQ(link->opened, 1);
    EXPECT_EQ(link->sent<Capture>().at(0).quality, 50);
}

TEST_F(CameraClientTest, AReloadLetsThePictureFinishBeforeTheConnectionIsMadeAnew) {
    online();
    capture("a");
    loop.runPending();
    reload([this] { config.camera.controls["Brightness"] = 0.5; });
    capture("b");
    loop.runPending();
    EXPECT_EQ(link->opened, 1) << "a picture is under way";
    EXPECT_EQ(link->sent<Capture>().size(), 1U) << "the old program gets no more";

    link->receivePicture(link->sent<Capture>()[0].id);
    capture("c");
    loop.advance(milliseconds{1});
    EXPECT_EQ(link->opened, 2);
    EXPECT_EQ(link->sent<Capture>().size(), 1U);
    link->greet();
    loop.runPending();
    ASSERT_EQ(link->sent<Capture>().size(), 3U);
    link->receivePicture(link->sent<Capture>()[1].id);
    link->receivePicture(link->sent<Capture>()[2].id);

    EXPECT_EQ(answers, (std::vector<std::string>{"a:ok", "b:ok", "c:ok"}));
    EXPECT_EQ(states.size(), 1U) << "it never was offline";
}

TEST_F(CameraClientTest, AReloadTakesEffectWhenTheOldProgramDiesOverItsPicture) {
    online();
    capture("a", seconds{20});
    loop.runPending();
    reload([this] { config.camera.backend = CameraBackend::kNone; });
    link->end("was killed by signal 9 (Killed)");
    loop.advance(CameraClient::kRetryMin);

    EXPECT_EQ(link->opened, 1) << "no camera is configured any more";
    EXPECT_EQ(answers, std::vector<std::string>{"a" + code(Errc::kUnavailable)});
}

TEST_F(CameraClientTest, AReloadConnectsAgainWhenTheOldProgramSaysGoodbye) {
    online();
    reload([this] { config.camera.width = 320; });
    loop.advance(milliseconds{1});
    ASSERT_EQ(link->opened, 2);
    link->receive(Goodbye{true, "the configuration has changed"});
    link->end("closed the connection");
    capture("a");
    loop.advance(CameraClient::kFastRetry);
    ASSERT_EQ(link->opened, 3);
    link->greet();
    loop.runPending();
    link->receivePicture(link->sent<Capture>().at(0).id);

    EXPECT_EQ(answers, std::vector<std::string>{"a:ok"});
    EXPECT_EQ(states.size(), 1U);
}

TEST_F(CameraClientTest, AReloadWhileTheProgramIsAwayLooksForItAtOnce) {
    online();
    link->receive(Goodbye{true, "idle"});
    link->end("closed the connection");
    loop.runPending();
    ASSERT_EQ(link->opened, 1);
    reload([this] { config.camera.device = "another"; });
    loop.advance(milliseconds{1});

    EXPECT_EQ(link->opened, 2);
}

TEST_F(CameraClientTest, AReloadEndsTheRetryPauseOfACameraThatIsNotThere) {
    client();
    link->openError = Error{Errc::kUnavailable, "no such program"};
    loop.advance(seconds{20});
    const int before = link->opened;
    link->openError.reset();
    reload([this] { config.camera.device = "another"; });
    loop.advance(milliseconds{1});

    EXPECT_EQ(link->opened, before + 1);
}

TEST_F(CameraClientTest, MotionOfAProgramThatIsAboutToEndIsNoMistake) {
    config.camera.motion.enabled = true;
    online();
    capture("a");
    loop.runPending();
    reload([this] { config.camera.motion.enabled = false; });
    link->receive(Motion{true});
    link->receivePicture(link->sent<Capture>()[0].id);

    EXPECT_EQ(answers, std::vector<std::string>{"a:ok"});
    EXPECT_EQ(link->aborted, 0);
}

TEST_F(CameraClientTest, MotionBringsThePicturesThatCameBeforeIt) {
    config.camera.motion.enabled = true;
    std::vector<Picture> before;
    bool isMoving = false;
    client().onMotion([&](bool moving, std::vector<Picture> pictures) {
        isMoving = moving;
        before = std::move(pictures);
    });
    online();
    const std::vector<std::uint8_t> jpeg{0xFF, 0xD8, 0xFF, 0xD9};
    for (int i = 0; i < kMaxPicturesBefore + 1; ++i) {
        link->receive(PictureBefore{jpeg.size(), 320, 240, WallTime{seconds{i}}},
                      std::move(*SharedJpegWriter().write(0, jpeg)));
    }
    link->receive(Motion{true});

    EXPECT_TRUE(isMoving);
    ASSERT_EQ(std::ssize(before), kMaxPicturesBefore);
    EXPECT_EQ(before.front().exposureStart, WallTime{seconds{1}}) << "not more than there can be";
    EXPECT_EQ(before.front().jpeg.size(), jpeg.size());
    link->receive(Motion{false});
    EXPECT_TRUE(before.empty()) << "each comes once";
}

TEST_F(CameraClientTest, RefusesAPictureFromBeforeWithoutMemory) {
    config.camera.motion.enabled = true;
    online();
    link->receive(PictureBefore{4, 320, 240, WallTime{}});

    EXPECT_EQ(link->aborted, 1);
}

TEST_F(CameraClientTest, ACameraThatIsConfiguredNoMoreFinishesItsPicture) {
    online();
    capture("a");
    loop.runPending();
    reload([this] { config.camera.backend = CameraBackend::kNone; });
    capture("b");
    loop.runPending();
    EXPECT_TRUE(client_->state().online);
    link->receivePicture(link->sent<Capture>()[0].id);
    loop.runPending();
    capture("c");
    loop.runPending();

    EXPECT_EQ(answers,
              (std::vector<std::string>{"a:ok", "b" + code(Errc::kUnavailable), "c" + code(Errc::kUnavailable)}));
    EXPECT_FALSE(client_->state().online);
}

}  // namespace
}  // namespace edge
