// SPDX-License-Identifier: MIT
#include <filesystem>

#include <gtest/gtest.h>

#include "fakes/held_executor.hpp"
#include "services/capture/picture_store.hpp"
#include "unit/services/capture/capture_fixture.hpp"

namespace edge {
namespace {

/// Through the capture service, as the agent uses it.
class PictureBacklogTest : public CaptureFixture {
  protected:
    void captureBy(const std::string& from) {
        captures->capture({.name = "capture", .source = from, .arrived = BootTime{1}},
                          [this](Outcome outcome) { outcomes.push_back(std::move(outcome)); });
        loop->runPending();
        takeAll();
        loop->runPending();
    }
    void disconnect() {
        publisher.disconnect();
        store->onDisconnected();
        publisher.sent.clear();
    }
    void connect() {
        publisher.connect();
        store->onConnected();
        loop->runPending();
    }
    [[nodiscard]] KeptPictures counters() const { return store->health(); }
};

TEST_F(PictureBacklogTest, KeepsPicturesOfMotionAndButtonsWithTheirTime) {
    disconnect();
    captureBy("motion");
    captureBy("gpio:bell");
    EXPECT_EQ(outcomes.size(), 2U);
    EXPECT_TRUE(outcomes[0].ok && outcomes[1].ok);
    EXPECT_EQ(counters().waiting, 2U);
    EXPECT_TRUE(publisher.on("jpeg").empty());

    connect();
    ASSERT_EQ(pictures(), 1U) << "one by one";
    loop->advance(PictureStore::kPause);
    ASSERT_EQ(pictures(), 2U);
    const auto first = Json::parse(publisher.on("edge/pi/image").at(0).payload);
    EXPECT_EQ(first["trigger"], "motion");
    EXPECT_EQ(first["time"], publisher.on("jpeg").at(0).userProperties.at(1).second);
    loop->advance(PictureStore::kPause);
    EXPECT_EQ(counters().waiting, 0U);
    EXPECT_EQ(counters().sent, 2U);
    connect();
    EXPECT_EQ(pictures(), 2U) << "nothing twice";
}

TEST_F(PictureBacklogTest, DoesNotKeepPicturesOfCommands) {
    disconnect();
    captureBy("command");
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_FALSE(outcomes[0].ok);
    EXPECT_EQ(counters().waiting, 0U);
}

TEST_F(PictureBacklogTest, ASeriesGoesOnWithoutAConnection) {
    series(2, seconds{1});
    takeAll();
    loop->runPending();
    disconnect();
    loop->advance(seconds{1});
    takeAll();
    loop->runPending();
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_TRUE(outcomes[0].ok) << outcomes[0].error;
    EXPECT_EQ(counters().waiting, 1U);
}

TEST_F(PictureBacklogTest, KeepsNothingIfDisabled) {
    config.image.keepOfflineBytes = 0;
    make();
    disconnect();
    captureBy("motion");
    EXPECT_FALSE(outcomes.at(0).ok);
}

TEST_F(PictureBacklogTest, DropsAPictureThatEndsTheConnectionTwice) {
    disconnect();
    captureBy("motion");
    captureBy("motion");
    publisher.outcome.reset();
    for (int attempt = 0; attempt < 2; ++attempt) {
        connect();
        ASSERT_EQ(pictures(), 1U) << attempt;
        disconnect();
        loop->runPending();
    }
    EXPECT_EQ(counters().dropped, 1U);
    publisher.outcome = Delivery::kDelivered;
    connect();
    loop->advance(PictureStore::kPause);
    EXPECT_EQ(counters().sent, 1U) << "the other one gets its turn";
}

TEST_F(PictureBacklogTest, DropsAPictureThatEndsTheConnectionTwiceWithARestartBetween) {
    disconnect();
    captureBy("motion");
    publisher.outcome.reset();
    connect();
    disconnect();
    loop->runPending();
    make();
    connect();
    ASSERT_EQ(pictures(), 1U);
    disconnect();
    loop->runPending();

    EXPECT_EQ(counters().dropped, 1U);
    EXPECT_TRUE(std::filesystem::is_empty(dir.file("pictures")));
}

TEST_F(PictureBacklogTest, ALostConnectionCountsForThePictureThatWasSent) {
    disconnect();
    captureBy("motion");
    publisher.outcome.reset();
    connect();
    disconnect();
    loop->runPending();
    publisher.outcome = Delivery::kDelivered;
    connect();
    ASSERT_EQ(counters().sent, 1U);
    disconnect();
    captureBy("motion");  // takes the number of the first one
    publisher.outcome.reset();
    connect();
    disconnect();
    loop->runPending();

    EXPECT_EQ(counters().dropped, 0U);
    EXPECT_EQ(counters().waiting, 1U);
}

TEST_F(PictureBacklogTest, SendsAgainWhenTheConnectionIsBackAtOnce) {
    const auto disk = std::make_shared<HeldExecutor>();
    const auto work = [&] {
        while (!disk->tasks.empty()) {
            disk->runAll();
            loop->runPending();
        }
    };
    strand = disk;
    make();
    disconnect();
    captureBy("motion");
    work();
    publisher.outcome.reset();
    connect();
    work();
    ASSERT_EQ(pictures(), 1U);
    disconnect();
    loop->runPending();

    publisher.outcome = Delivery::kDelivered;
    connect();
    work();

    EXPECT_EQ(counters().sent, 1U);
    EXPECT_EQ(counters().waiting, 0U);
}

TEST_F(PictureBacklogTest, DropsAPictureThatIsTooLargeForTheBroker) {
    disconnect();
    captureBy("motion");
    publisher.limit = 2;
    connect();
    EXPECT_EQ(pictures(), 0U);
    EXPECT_EQ(counters().dropped, 1U);
}

TEST_F(PictureBacklogTest, WaitsForAnotherConnectionIfDenied) {
    disconnect();
    captureBy("motion");
    publisher.outcome = Delivery::kDenied;
    connect();
    loop->advance(seconds{10});
    EXPECT_EQ(pictures(), 1U);
    publisher.outcome = Delivery::kDelivered;
    connect();
    EXPECT_EQ(counters().sent, 1U);
}

TEST_F(PictureBacklogTest, TriesAgainLaterIfRefusedOverAStandingConnection) {
    disconnect();
    captureBy("motion");
    captureBy("motion");
    publisher.outcome = Delivery::kLost;  // a quota of the broker is exceeded
    connect();
    loop->advance(3 * PictureStore::kRetry);
    EXPECT_EQ(counters().dropped, 0U);
    EXPECT_EQ(counters().waiting, 2U);
    EXPECT_EQ(pictures(), 4U);

    publisher.outcome = Delivery::kDelivered;
    loop->advance(PictureStore::kRetry + PictureStore::kPause);

    EXPECT_EQ(counters().sent, 2U);
    EXPECT_EQ(counters().waiting, 0U);
}

TEST_F(PictureBacklogTest, ReloadWithASmallerLimitKeepsFewer) {
    disconnect();
    captureBy("motion");
    captureBy("motion");
    const Config before = config;
    config.image.keepOfflineBytes = 10;
    store->onReload(before);
    captureBy("motion");

    EXPECT_EQ(counters().waiting, 1U);
    EXPECT_EQ(counters().dropped, 2U);
}

TEST_F(PictureBacklogTest, AnotherFolderStartsEmpty) {
    disconnect();
    captureBy("motion");
    publisher.outcome.reset();
    connect();
    ASSERT_EQ(pictures(), 1U) << "on its way";
    const Config before = config;
    config.journal.path = dir.file("elsewhere/journal.db");
    std::filesystem::create_directory(dir.file("elsewhere"));
    store->onReload(before);
    publisher.finishAll(Delivery::kDelivered);
    loop->runPending();
    EXPECT_EQ(counters().sent, 0U);
    EXPECT_FALSE(std::filesystem::is_empty(dir.file("pictures")));

    disconnect();
    captureBy("motion");
    publisher.outcome = Delivery::kDelivered;
    connect();
    loop->advance(PictureStore::kPause);
    EXPECT_EQ(pictures(), 1U);
    EXPECT_EQ(counters().waiting, 0U);
}

}  // namespace
}  // namespace edge
