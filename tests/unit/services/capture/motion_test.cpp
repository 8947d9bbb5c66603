// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "unit/services/capture/capture_fixture.hpp"

namespace edge {
namespace {

class MotionTest : public CaptureFixture {
  protected:
    MotionTest() { config.camera.motion.enabled = true; }

    /// The configuration is read again with this one.
    void enable(bool isEnabled) {
        const Config before = config;
        config.camera.motion.enabled = isEnabled;
        captures->onReload(before);
    }
    [[nodiscard]] std::vector<std::string> told() const {
        std::vector<std::string> all;
        for (const Publication& publication : publisher.on("edge/pi/camera/motion")) {
            EXPECT_TRUE(publication.retain == Retain::kYes);
            all.push_back(publication.payload);
        }
        return all;
    }
};

TEST_F(MotionTest, TellsEachChangeAndTakesAPictureWhenItBegins) {
    captures->publishStatus();
    source.move(true, {Picture{}, Picture{}});
    source.move(true);
    source.move(false);
    EXPECT_EQ(told(), (std::vector<std::string>{"OFF", "ON", "OFF"}));
    EXPECT_EQ(source.requests.size(), 1U);
    takePicture();
    const Json image = Json::parse(publisher.on("edge/pi/image").at(0).payload);
    EXPECT_EQ(image["trigger"], "motion");
    EXPECT_EQ(image["before"].size(), 2U);
}

TEST_F(MotionTest, NoMotionWhileTheCameraIsOffline) {
    source.move(true);
    source.changeState({true, "camera", ""});
    source.changeState({false, "", "unplugged"});
    EXPECT_EQ(told(), (std::vector<std::string>{"ON", "OFF"}));
}

TEST_F(MotionTest, SaysNothingWhereItIsNotEnabled) {
    config.camera.motion.enabled = false;
    captures->publishStatus();
    EXPECT_TRUE(told().empty());
}

TEST_F(MotionTest, AReloadTurnsItOnAndOff) {
    config.camera.motion.enabled = false;
    source.move(true);
    EXPECT_TRUE(source.requests.empty());

    enable(true);
    source.move(true);
    EXPECT_EQ(told(), (std::vector<std::string>{"OFF", "ON"}));
    enable(false);
    source.move(false);
    source.move(true);

    EXPECT_EQ(told().size(), 2U);
    EXPECT_EQ(source.requests.size(), 1U);
}

TEST_F(MotionTest, NoPictureOnceTheAgentStops) {
    captures->shutDown();
    source.move(true);
    EXPECT_TRUE(source.requests.empty());
}

}  // namespace
}  // namespace edge
