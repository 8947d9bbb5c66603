// SPDX-License-Identifier: MIT
#include "services/capture/picture_store.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "fakes/held_executor.hpp"
#include "unit/services/capture/capture_fixture.hpp"

namespace edge {
namespace {

/// Through the capture service, as the agent uses it.
class PictureStoreTest : public CaptureFixture {
  protected:
    PictureStoreTest() {
        config.archive.maxSizeBytes = 1 << 20;
        config.archive.minFreeBytes = 0;
        make();
        store->start();
        loop->runPending();
    }
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
    [[nodiscard]] std::size_t kept() const { return store->health().archived.pictures; }
};

TEST_F(PictureStoreTest, KeepsEveryPictureOfEveryTrigger) {
    captureBy("command");
    captureBy("motion");
    captureBy("gpio:bell");
    series(2, seconds{1});
    takeAll();
    loop->advance(seconds{1});
    takeAll();
    EXPECT_EQ(pictures(), 5U);
    EXPECT_EQ(kept(), 5U);
    EXPECT_EQ(outcomes.size(), 4U);
}

TEST_F(PictureStoreTest, APictureIsOnTheDiskBeforeItIsPublished) {
    const auto disk = std::make_shared<HeldExecutor>();
    strand = disk;
    make();
    captureBy("command");
    EXPECT_EQ(pictures(), 0U);
    EXPECT_TRUE(outcomes.empty());
    disk->runAll();
    loop->runPending();
    EXPECT_EQ(pictures(), 1U);
    EXPECT_EQ(publisher.on("jpeg").at(0).payload, "\xff\xd8jpeg") << "without the description in the file";
    EXPECT_TRUE(outcomes.at(0).ok);
}

TEST_F(PictureStoreTest, ASlowDiskHoldsTheCameraBack) {
    const auto disk = std::make_shared<HeldExecutor>();
    strand = disk;
    make();
    for (int i = 0; i < 50; ++i) captureBy("command");
    EXPECT_LT(source.requests.size(), 20U);
    for (int i = 0; i < 50; ++i) {
        disk->runAll();
        loop->runPending();
        takeAll();
    }
    EXPECT_EQ(outcomes.size(), 50U);
}

TEST_F(PictureStoreTest, WithoutAConnectionTheArchiveAloneIsReasonEnough) {
    config.image.keepOfflineBytes = 0;
    disconnect();
    captureBy("motion");
    EXPECT_TRUE(outcomes.at(0).ok) << outcomes.at(0).error;
    EXPECT_EQ(kept(), 1U);
    connect();
    loop->advance(PictureStore::kPause);
    EXPECT_EQ(pictures(), 0U) << "it does not wait for the broker";
    disconnect();
    captureBy("command");
    EXPECT_FALSE(outcomes.at(1).ok) << "a client that waits for a picture is told that none comes";
    EXPECT_EQ(kept(), 1U);
}

TEST_F(PictureStoreTest, APictureThatWaitedIsInTheArchiveOnceItIsDelivered) {
    disconnect();
    captureBy("motion");
    EXPECT_EQ(kept(), 0U);
    EXPECT_EQ(store->health().waiting, 1U);
    connect();
    loop->advance(PictureStore::kPause);
    EXPECT_EQ(pictures(), 1U);
    EXPECT_EQ(store->health().waiting, 0U);
    EXPECT_EQ(kept(), 1U);
}

TEST_F(PictureStoreTest, ADiskThatFailsKeepsNoPictureFromTheBroker) {
    std::filesystem::remove_all(dir.file("pictures"));
    std::ofstream(dir.file("pictures")) << "in the way";
    const int before = changes;
    captureBy("command");
    captureBy("command");
    EXPECT_TRUE(outcomes.at(1).ok);
    EXPECT_EQ(pictures(), 2U);
    EXPECT_NE(store->health().problem, "");
    EXPECT_GT(changes, before);
    std::filesystem::remove(dir.file("pictures"));
    captureBy("command");
    EXPECT_EQ(store->health().problem, "");
    EXPECT_EQ(kept(), 1U);
}

TEST_F(PictureStoreTest, OldPicturesGoOnceTheClockIsKnown) {
    loop->manualClock().wall = WallTime{seconds{1'700'000'000}};
    loop->manualClock().state = ClockState::kUnsynchronised;
    make();
    store->start();
    captureBy("command");  // exposed in 1970, says the fake camera: the clock was wrong
    loop->manualClock().state = ClockState::kSynchronised;
    captureBy("command");
    EXPECT_EQ(kept(), 2U);
    loop->advance(3 * PictureStore::kTrimPause);
    EXPECT_EQ(kept(), 1U) << "the first one's age is unknown";
}

TEST_F(PictureStoreTest, ReloadAppliesOtherLimits) {
    for (int i = 0; i < 5; ++i) captureBy("command");
    const Config before = config;
    config.archive.maxSizeBytes = 12;
    store->onReload(before);
    loop->runPending();
    EXPECT_EQ(kept(), 2U) << "of six bytes each";

    const Config small = config;
    config.archive.maxSizeBytes = 0;
    store->onReload(small);
    captureBy("command");
    EXPECT_FALSE(store->health().isArchiving);
    EXPECT_EQ(kept(), 2U) << "switched off, it stays as it is";
}

TEST_F(PictureStoreTest, ARestartFindsThePictures) {
    for (int i = 0; i < 3; ++i) captureBy("command");
    make();
    store->start();
    loop->runPending();
    EXPECT_EQ(kept(), 3U);
    EXPECT_TRUE(store->health().oldest);
}

}  // namespace
}  // namespace edge
