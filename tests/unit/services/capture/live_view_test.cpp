// SPDX-License-Identifier: MIT
#include "services/capture/live_view.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/text.hpp"
#include "fakes/fake_picture_source.hpp"
#include "fakes/fake_publisher.hpp"
#include "fakes/manual_loop.hpp"
#include "fakes/temp_dir.hpp"
#include "journal/journal.hpp"

namespace edge {
namespace {

using Json = nlohmann::json;
using States = std::vector<std::string>;

class LiveViewTest : public testing::Test {
  protected:
    LiveViewTest() {
        config.topics.base = "edge/pi";
        config.journal.path = dir.file("journal.db");
        config.image.maxBytes = 100'000;
        journal = std::make_unique<Journal>(*loop, loop, config.journal, std::string(32, 'b'));
        journal->open([](const Result<JournalSnapshot>&) {});
        loop->runPending();
        live = std::make_unique<LiveView>(ServiceContext{*loop, publisher, *journal, config}, source);
    }

    /// The reply's data.
    Json view(const CommandOptions& options = {}) {
        const Outcome outcome = live->view(options);
        loop->runPending();
        EXPECT_TRUE(outcome.ok) << outcome.error;
        return Json::parse(outcome.data);
    }
    static CommandOptions options(std::optional<milliseconds> lease, std::optional<double> rate = std::nullopt) {
        CommandOptions result;
        result.lease = lease;
        result.rate = rate;
        return result;
    }
    /// The camera answers all that it was asked for.
    void take(std::size_t bytes = 1000) {
        while (source.waiting() > 0) {
            source.givePicture("\xff\xd8" + std::string(bytes - 2, 'j'));
            loop->runPending();
        }
    }
    void fail(Errc code = Errc::kUnavailable) {
        source.give(edge::fail(code, "why"));
        loop->runPending();
    }
    /// Time goes by, and the camera answers within a millisecond.
    void run(milliseconds time) {
        for (milliseconds passed{0}; passed < time; passed += milliseconds{1}) {
            take();
            loop->advance(milliseconds{1});
        }
    }
    [[nodiscard]] std::size_t frames() const { return publisher.on("edge/pi/live").size(); }
    [[nodiscard]] States states() const {
        States result;
        for (const Publication& state : publisher.on("edge/pi/camera/live")) {
            EXPECT_EQ(state.retain, Retain::kYes);
            result.push_back(state.payload);
        }
        return result;
    }

    TempDir dir;
    Config config;
    std::shared_ptr<ManualLoop> loop = std::make_shared<ManualLoop>();
    FakePublisher publisher{*loop};
    FakePictureSource source{*loop};
    std::unique_ptr<Journal> journal;
    std::unique_ptr<LiveView> live;
};

TEST_F(LiveViewTest, SaysWhatIsInForce) {
    const Json reply = view();

    EXPECT_EQ(reply["topic"], "edge/pi/live");
    EXPECT_EQ(reply["rate"], 5);
    EXPECT_EQ(reply["width"], 640);
    EXPECT_EQ(reply["height"], 480);
    EXPECT_EQ(reply["until"], formatRfc3339(loop->clock().wallNow() + LiveView::kLease));
    EXPECT_EQ(reply.size(), 5U);
}

TEST_F(LiveViewTest, AFrameIsAJpegThatNobodyKeeps) {
    view();
    take();

    ASSERT_EQ(frames(), 1U);
    const Publication frame = publisher.on("edge/pi/live")[0];
    EXPECT_TRUE(frame.payload.starts_with("\xff\xd8"));
    EXPECT_EQ(frame.qos, Qos::kAtMostOnce);
    EXPECT_EQ(frame.retain, Retain::kNo);
    EXPECT_EQ(frame.contentType, "image/jpeg");
    EXPECT_EQ(frame.expiry, seconds{2});
    ASSERT_EQ(frame.userProperties.size(), 1U);
    EXPECT_EQ(frame.userProperties[0].first, "time");
    EXPECT_EQ(publisher.sent.back().priority, Priority::kBacklog) << "everything else goes first";
}

TEST_F(LiveViewTest, AsksForTheNewestFrameWithTheSettings) {
    CommandOptions options;
    options.width = 320;
    options.height = 240;
    options.quality = 30;
    publisher.limit = 50'000;
    view(options);

    ASSERT_EQ(source.requests.size(), 1U);
    const PictureRequest& request = source.requests[0];
    EXPECT_TRUE(request.isLive);
    EXPECT_EQ(request.width, 320);
    EXPECT_EQ(request.height, 240);
    EXPECT_EQ(request.quality, 30);
    EXPECT_EQ(request.maxBytes, 50'000U);
}

TEST_F(LiveViewTest, KeepsTheRateWithoutDrift) {
    view(options(seconds{60}, 10));
    run(seconds{10});

    EXPECT_NEAR(static_cast<double>(frames()), 100, 1);
}

TEST_F(LiveViewTest, MakesNoFrameWhileTheOneBeforeIsInTheCamera) {
    view();
    loop->advance(seconds{3});

    EXPECT_EQ(source.requests.size(), 1U);
}

TEST_F(LiveViewTest, CapsTheRateAndSaysSo) {
    config.camera.liveMaxRate = 2;
    EXPECT_EQ(view(options(seconds{60}, 30))["rate"], 2);
    run(seconds{10});

    EXPECT_NEAR(static_cast<double>(frames()), 20, 1);
}

TEST_F(LiveViewTest, EndsWithItsTime) {
    view(options(seconds{1}));
    run(milliseconds{1500});
    const std::size_t before = frames();
    run(seconds{2});

    EXPECT_EQ(frames(), before);
    EXPECT_EQ(states(), (States{"ON", "OFF"}));
}

TEST_F(LiveViewTest, IsExtendedByAnotherCommand) {
    view(options(seconds{2}));
    run(milliseconds{1900});
    view(options(seconds{2}));
    run(milliseconds{1900});

    EXPECT_EQ(states(), States{"ON"});
    EXPECT_NEAR(static_cast<double>(frames()), 19, 1) << "extending it keeps the rhythm";
    run(milliseconds{200});
    EXPECT_EQ(states(), (States{"ON", "OFF"}));
}

TEST_F(LiveViewTest, OtherSettingsReplaceItsOwn) {
    view(options(seconds{60}));
    EXPECT_EQ(source.waiting(), 1U);
    CommandOptions small;
    small.width = 320;
    view(small);
    ASSERT_EQ(source.requests.size(), 2U);

    source.givePicture("\xff\xd8old");
    source.givePicture("\xff\xd8new");
    loop->runPending();

    ASSERT_EQ(frames(), 1U);
    EXPECT_EQ(publisher.on("edge/pi/live")[0].payload, "\xff\xd8new");
    EXPECT_EQ(states(), States{"ON"});
}

TEST_F(LiveViewTest, EndsOnRequest) {
    view();
    take();
    const Json reply = view(options(milliseconds{0}));
    run(seconds{1});

    EXPECT_EQ(reply["until"], formatRfc3339(loop->clock().wallNow() - seconds{1}));
    EXPECT_EQ(frames(), 1U);
    EXPECT_EQ(states(), (States{"ON", "OFF"}));
}

TEST_F(LiveViewTest, EndingNothingIsFine) {
    view(options(milliseconds{0}));

    EXPECT_EQ(states(), States{});
    EXPECT_EQ(source.requests.size(), 0U);
}

TEST_F(LiveViewTest, WaitsUntilMostOfTheFrameBeforeHasArrived) {
    view(options(seconds{60}, 10));
    take(20'000);
    publisher.outstanding = 5'001;
    loop->advance(seconds{5});
    EXPECT_EQ(source.requests.size(), 1U) << "not even made";

    publisher.outstanding = 5'000;
    loop->advance(milliseconds{100});
    EXPECT_EQ(source.requests.size(), 2U);
}

TEST_F(LiveViewTest, WaitsForWhatOthersSend) {
    publisher.outstanding = 500'000;
    view();
    loop->advance(seconds{1});
    EXPECT_EQ(source.requests.size(), 0U);

    publisher.outstanding = LiveView::kFreeBytes;
    loop->advance(milliseconds{100});
    EXPECT_EQ(source.requests.size(), 1U);
}

TEST_F(LiveViewTest, DoesNotCatchUpOnWhatASlowLineMissed) {
    view(options(seconds{60}, 10));
    take(20'000);
    publisher.outstanding = 20'000;
    loop->advance(seconds{5});
    publisher.outstanding = 0;
    run(seconds{1});

    EXPECT_NEAR(static_cast<double>(frames()), 11, 1);
}

TEST_F(LiveViewTest, LooksAtABusyLineNowAndThenOnly) {
    view(options(seconds{60}, 0.1));
    take(20'000);
    publisher.outstanding = 20'000;
    loop->advance(seconds{11});
    publisher.outstanding = 0;
    loop->advance(milliseconds{50});

    EXPECT_EQ(source.requests.size(), 2U);
}

TEST_F(LiveViewTest, ADeniedTopicEndsIt) {
    publisher.outcome = Delivery::kDenied;
    view();
    take();
    run(seconds{2});

    EXPECT_EQ(frames(), 1U);
    EXPECT_EQ(states(), (States{"ON", "OFF"}));
}

TEST_F(LiveViewTest, TheEndOfTheConnectionEndsIt) {
    view();
    take();
    publisher.disconnect();
    live->end("the connection ended");
    publisher.connect();
    live->publishState();
    run(seconds{2});

    EXPECT_EQ(frames(), 1U);
    EXPECT_EQ(states().back(), "OFF");
}

TEST_F(LiveViewTest, ABrokenCameraIsTriedAgainPolitely) {
    view(options(seconds{60}));
    fail();
    EXPECT_EQ(states(), (States{"ON", "OFF"}));
    loop->advance(milliseconds{1900});
    EXPECT_EQ(source.requests.size(), 1U);
    loop->advance(milliseconds{200});
    EXPECT_EQ(source.requests.size(), 2U);
    fail();
    loop->advance(milliseconds{3900});
    EXPECT_EQ(source.requests.size(), 2U) << "less and less often";
    loop->advance(milliseconds{200});
    EXPECT_EQ(source.requests.size(), 3U);

    take();
    EXPECT_EQ(states(), (States{"ON", "OFF", "ON"}));
    EXPECT_EQ(frames(), 1U);
}

TEST_F(LiveViewTest, EndsWhereNoFrameIsSmallEnough) {
    view();
    fail(Errc::kTooLarge);
    loop->advance(seconds{20});

    EXPECT_EQ(source.requests.size(), 1U);
    EXPECT_EQ(states(), (States{"ON", "OFF"}));
}

TEST_F(LiveViewTest, IsRefusedWhereThePacketLimitLeavesNoRoom) {
    publisher.limit = 0;
    EXPECT_EQ(live->view({}).code, ReplyCode::kTooLarge);
    EXPECT_EQ(source.waiting(), 0U);
}

TEST_F(LiveViewTest, NeedsACameraAndATopic) {
    config.camera.backend = CameraBackend::kNone;
    EXPECT_EQ(live->view({}).code, ReplyCode::kCameraUnavailable);
    config.camera.backend = CameraBackend::kPattern;
    config.topics.base = "";
    EXPECT_FALSE(live->view({}).ok);
    config.topics.base = "edge/pi";
    publisher.disconnect();
    EXPECT_FALSE(live->view({}).ok);
    loop->runPending();

    EXPECT_EQ(source.requests.size(), 0U);
}

TEST_F(LiveViewTest, EndsWhenAReloadTakesTheCameraAway) {
    view();
    const Config before = config;
    live->onReload(before);
    EXPECT_EQ(states(), States{"ON"});

    config.camera.backend = CameraBackend::kNone;
    live->onReload(before);
    loop->advance(seconds{2});
    EXPECT_EQ(source.requests.size(), 1U);
}

TEST_F(LiveViewTest, SaysThatThereIsNoneWhenAReloadBringsACamera) {
    Config before = config;
    before.camera.backend = CameraBackend::kNone;
    live->onReload(before);
    EXPECT_EQ(states(), States{"OFF"});
}

TEST_F(LiveViewTest, AReloadLowersTheRate) {
    view(options(seconds{60}, 10));
    config.camera.liveMaxRate = 1;
    run(seconds{10});

    EXPECT_NEAR(static_cast<double>(frames()), 10, 1);
}

}  // namespace
}  // namespace edge
