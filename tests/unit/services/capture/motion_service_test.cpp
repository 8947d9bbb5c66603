// SPDX-License-Identifier: MIT
#include "services/capture/motion_service.hpp"

#include <memory>

#include <gtest/gtest.h>

#include "fakes/fake_picture_source.hpp"
#include "fakes/fake_publisher.hpp"
#include "fakes/manual_loop.hpp"
#include "fakes/temp_dir.hpp"

namespace edge {
namespace {

class MotionServiceTest : public ::testing::Test {
  protected:
    MotionServiceTest() {
        config.topics.base = "edge/pi";
        config.camera.motion.enabled = true;
        config.journal.path = dir.file("journal.db");
        journal = std::make_unique<Journal>(*loop, loop, config.journal, std::string(32, 'b'));
        journal->open([](const Result<JournalSnapshot>&) {});
        loop->runPending();
    }
    MotionService make() {
        return {ServiceContext{*loop, publisher, *journal, config}, source, [this](const std::vector<Picture>& before) {
                    ++pictures;
                    beforeLast = before.size();
                }};
    }
    [[nodiscard]] std::vector<std::string> told() const {
        std::vector<std::string> all;
        for (const Publication& publication : publisher.on("edge/pi/camera/motion")) {
            EXPECT_TRUE(publication.retain == Retain::kYes);
            all.push_back(publication.payload);
        }
        return all;
    }

    TempDir dir;
    Config config;
    std::shared_ptr<ManualLoop> loop = std::make_shared<ManualLoop>();
    FakePublisher publisher{*loop};
    FakePictureSource source{*loop};
    std::unique_ptr<Journal> journal;
    int pictures = 0;
    std::size_t beforeLast = 0;
};

TEST_F(MotionServiceTest, TellsEachChangeAndTakesAPictureWhenItBegins) {
    MotionService motion = make();
    motion.onConnected();
    source.move(true, {Picture{}, Picture{}});
    source.move(true);
    source.move(false);
    EXPECT_EQ(told(), (std::vector<std::string>{"OFF", "ON", "OFF"}));
    EXPECT_EQ(pictures, 1);
    EXPECT_EQ(beforeLast, 2U);
}

TEST_F(MotionServiceTest, NoMotionWhileTheCameraIsOffline) {
    MotionService motion = make();
    source.move(true);
    motion.setCameraOnline(true);
    motion.setCameraOnline(false);
    EXPECT_EQ(told(), (std::vector<std::string>{"ON", "OFF"}));
}

TEST_F(MotionServiceTest, SaysNothingWhereItIsNotEnabled) {
    config.camera.motion.enabled = false;
    MotionService motion = make();
    motion.onConnected();
    EXPECT_TRUE(publisher.sent.empty());
}

TEST_F(MotionServiceTest, AReloadTurnsItOnAndOff) {
    config.camera.motion.enabled = false;
    MotionService motion = make();
    source.move(true);
    EXPECT_EQ(pictures, 0);

    Config before = config;
    config.camera.motion.enabled = true;
    motion.onReload(before);
    source.move(true);
    EXPECT_EQ(told(), (std::vector<std::string>{"OFF", "ON"}));
    before = config;
    config.camera.motion.enabled = false;
    motion.onReload(before);
    source.move(false);
    source.move(true);

    EXPECT_EQ(told().size(), 2U);
    EXPECT_EQ(pictures, 1);
}

}  // namespace
}  // namespace edge
