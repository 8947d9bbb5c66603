// SPDX-License-Identifier: MIT
#include "capture_fixture.hpp"

namespace edge {
namespace {

using CaptureSeries = CaptureFixture;

TEST_F(CaptureSeries, IsAnsweredOnceWhenItEnds) {
    series(3, seconds{1});
    takePicture();
    loop->advance(seconds{1});
    takePicture();
    EXPECT_TRUE(outcomes.empty());
    loop->advance(seconds{1});
    takePicture();

    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_TRUE(outcomes.front().ok);
    EXPECT_EQ(Json::parse(outcomes.front().data), Json::parse(R"({"taken":3,"count":3})"));
    EXPECT_EQ(pictures(), 3U);
    EXPECT_TRUE(captures->counters().series.empty());
}

TEST_F(CaptureSeries, IsInTheCountersWithItsProgress) {
    CommandOptions options;
    options.count = 3;
    options.every = seconds{1};
    capture(options, "t1");
    EXPECT_EQ(changes, 1) << "before the first picture is taken";
    ASSERT_EQ(captures->counters().series.size(), 1U);
    EXPECT_EQ(captures->counters().series.front().taken, 0);

    takePicture();
    const SeriesProgress now = captures->counters().series.front();
    EXPECT_EQ(now.transaction, "t1");
    EXPECT_EQ(now.taken, 1);
    EXPECT_EQ(now.count, 3);

    changes = 0;
    captures->cancel();
    EXPECT_TRUE(captures->counters().series.empty());
    EXPECT_EQ(changes, 1) << "no picture was under way that would have caused it";
}

TEST_F(CaptureSeries, KeepsItsIntervalAndSkipsMissedTurns) {
    series(100, seconds{1});
    takePicture();
    loop->advance(milliseconds{900});
    EXPECT_EQ(source.requests.size(), 1U);
    loop->advance(milliseconds{100});
    EXPECT_EQ(source.requests.size(), 2U);
    loop->advance(milliseconds{3500});  // this one took long
    takePicture();
    loop->advance(milliseconds{0});
    EXPECT_EQ(source.requests.size(), 3U) << "one at once, for all the turns that were missed";
    takePicture();
    loop->advance(milliseconds{499});
    EXPECT_EQ(source.requests.size(), 3U);
    loop->advance(milliseconds{1});
    EXPECT_EQ(source.requests.size(), 4U) << "and the next where it always would have been";
}

TEST_F(CaptureSeries, LetsOtherCapturesGoInBetween) {
    series(2, seconds{10});
    takePicture();
    capture();
    takePicture();

    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_TRUE(outcomes.front().ok);
    EXPECT_EQ(captures->counters().series.size(), 1U);
}

TEST_F(CaptureSeries, EndsWithTheFirstPictureWhenAnOptionIsInvalid) {
    series(5, seconds{1});
    source.give(fail(Errc::kInvalid, "controls.X: this camera has no such control"));
    loop->runPending();

    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(outcomes.front().code, ReplyCode::kInvalidOption);
    EXPECT_EQ(Json::parse(outcomes.front().data)["taken"], 0);
    loop->advance(seconds{60});
    EXPECT_EQ(source.requests.size(), 1U);
}

TEST_F(CaptureSeries, IsCancelledByCancel) {
    series(5, seconds{1});
    takePicture();
    const Outcome cancel = captures->cancel();

    EXPECT_TRUE(cancel.ok);
    EXPECT_EQ(Json::parse(cancel.data)["cancelled"], 1);
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(outcomes.front().code, ReplyCode::kCancelled);
    EXPECT_EQ(Json::parse(outcomes.front().data)["taken"], 1);
    loop->advance(seconds{60});
    EXPECT_EQ(source.requests.size(), 1U);
}

TEST_F(CaptureSeries, CancelLetsThePictureUnderWayComeAndCountsIt) {
    series(5, seconds{1});
    captures->cancel();
    EXPECT_TRUE(outcomes.empty());
    EXPECT_EQ(Json::parse(captures->cancel().data)["cancelled"], 0) << "it is being ended already";
    takePicture();

    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(outcomes.front().code, ReplyCode::kCancelled);
    EXPECT_EQ(Json::parse(outcomes.front().data)["taken"], 1);
    EXPECT_EQ(pictures(), 1U);
}

TEST_F(CaptureSeries, CancelDropsWhatWaitsAndNothingElse) {
    std::size_t begun = 0;
    do {
        begun = source.requests.size();
        capture();
    } while (source.requests.size() > begun);
    series(5, seconds{1});
    ASSERT_EQ(source.requests.size(), begun) << "it has to wait for its turn";
    const auto waiting = captures->counters().waiting;
    captures->cancel();

    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(outcomes.front().code, ReplyCode::kCancelled);
    EXPECT_EQ(captures->counters().waiting, waiting - 1);
}

TEST_F(CaptureSeries, CancelIsOkWhereThereIsNone) {
    EXPECT_TRUE(captures->cancel().ok);
}

TEST_F(CaptureSeries, SaysHowManyFailed) {
    series(3, seconds{1});
    takePicture();
    loop->advance(seconds{1});
    source.give(fail(Errc::kTimeout, "silent"));
    loop->runPending();
    loop->advance(seconds{1});
    takePicture();

    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(outcomes.front().code, ReplyCode::kCaptureTimeout);
    EXPECT_EQ(Json::parse(outcomes.front().data)["taken"], 2);
}

TEST_F(CaptureSeries, WithoutAnIntervalEndsAfterRepeatedFailures) {
    series(1000, milliseconds{0});
    for (int i = 0; i < 20 && source.waiting() > 0; ++i) {
        source.give(fail(Errc::kUnavailable, "unplugged"));
        loop->advance(milliseconds{1});
    }

    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_LT(source.requests.size(), 10U);
}

TEST_F(CaptureSeries, EachExposureComesAfterItsOwnTurn) {
    series(2, seconds{1});
    takePicture();
    const BootTime before = bootTimeNow();
    loop->advance(seconds{1});

    ASSERT_EQ(source.requests.size(), 2U);
    EXPECT_GE(source.requests.back().notBefore, before);
}

TEST_F(CaptureSeries, AReloadIsForTheNextPictureAndTheSeriesGoesOn) {
    series(3, seconds{1});
    Config before = config;
    config.image.topic = "other";
    config.camera.timeout = seconds{9};
    captures->onReload(before);
    takePicture();
    EXPECT_EQ(publisher.on("other").size(), 1U);
    loop->advance(seconds{1});
    EXPECT_EQ(source.requests.back().timeout, seconds{9});
    takePicture();
    loop->advance(seconds{1});
    takePicture();

    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_TRUE(outcomes[0].ok);
    EXPECT_EQ(publisher.on("other").size(), 3U);
}

}  // namespace
}  // namespace edge
