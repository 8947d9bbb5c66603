// SPDX-License-Identifier: MIT
#include "services/presence/retained_topics.hpp"

#include <memory>

#include <gtest/gtest.h>

#include "fakes/fake_publisher.hpp"
#include "fakes/manual_loop.hpp"
#include "fakes/temp_dir.hpp"

namespace edge {
namespace {

using Topics = std::set<std::string>;

class RetainedTopicsTest : public ::testing::Test {
  protected:
    RetainedTopicsTest() {
        identity.deviceId = "host-a1b2c3";
        config.device.id = "pi";
        config.topics.base = "edge/pi";
        config.journal.path = dir.file("journal.db");
        SensorConfig sensor;
        sensor.name = "attic";
        config.sensors.push_back(sensor);
    }

    /// A run of the agent over the journal that the one before left; the topics that it emptied.
    Topics run() {
        if (journal) {
            journal->close([] {});
            loop->runPending();
        }
        journal = std::make_unique<Journal>(*loop, loop, config.journal, std::string(32, 'b'));
        retained = std::make_unique<RetainedTopics>(ServiceContext{*loop, publisher, *journal, config}, identity);
        journal->open([this](const Result<JournalSnapshot>& snapshot) { retained->restore(*snapshot); });
        loop->runPending();
        return connect();
    }
    Topics connect() {
        publisher.sent.clear();
        retained->onConnected();
        loop->advance(seconds{1});
        Topics emptied;
        for (const FakePublisher::Sent& sent : publisher.sent) {
            EXPECT_TRUE(sent.publication.payload.empty());
            EXPECT_TRUE(sent.publication.retain == Retain::kYes);
            emptied.insert(sent.publication.topic);
        }
        return emptied;
    }

    TempDir dir;
    Config config;
    Identity identity;
    std::shared_ptr<ManualLoop> loop = std::make_shared<ManualLoop>();
    FakePublisher publisher{*loop};
    std::unique_ptr<Journal> journal;
    std::unique_ptr<RetainedTopics> retained;
};

TEST_F(RetainedTopicsTest, ARemovedSensorsStatusIsEmptiedOnce) {
    EXPECT_EQ(run(), Topics{});
    config.sensors.clear();
    EXPECT_EQ(run(), Topics{"edge/pi/sensor/attic/status"});
    EXPECT_EQ(connect(), Topics{});
    EXPECT_EQ(run(), Topics{});
}

TEST_F(RetainedTopicsTest, EverythingOfAnOldIdIsEmptied) {
    config.homeAssistant.enabled = true;
    run();
    const Topics old = RetainedTopics::of(config);
    EXPECT_EQ(old.count("homeassistant/device/pi/config"), 1U);
    config.device.id = "other";
    config.topics.base = "edge/other";
    EXPECT_EQ(run(), old);
}

TEST_F(RetainedTopicsTest, EmptiesTopicsOfRemovedParts) {
    config.homeAssistant.enabled = true;
    config.camera.motion.enabled = true;
    config.gpio.inputs.emplace_back().name = "door";
    config.gpio.outputs.emplace_back().name = "lamp";
    config.schedules.emplace_back().name = "lapse";
    run();
    config.homeAssistant.enabled = false;
    config.camera.motion.enabled = false;
    config.camera.backend = CameraBackend::kNone;
    config.gpio = {};
    config.schedules.clear();
    const Topics gone{
        "edge/pi/camera/live", "edge/pi/camera/motion",       "edge/pi/camera/status",         "edge/pi/gpio/door",
        "edge/pi/gpio/lamp",   "edge/pi/schedule/lapse/next", "homeassistant/device/pi/config"};
    EXPECT_EQ(run(), gone);
}

TEST_F(RetainedTopicsTest, WhatIsLostIsEmptiedTheNextTime) {
    run();
    config.sensors.clear();
    publisher.outcome = Delivery::kLost;
    EXPECT_EQ(run().size(), 1U);
    publisher.outcome = Delivery::kDelivered;
    EXPECT_EQ(run(), Topics{"edge/pi/sensor/attic/status"});
}

TEST_F(RetainedTopicsTest, WhatMayNotBeEmptiedIsTriedOnce) {
    run();
    config.sensors.clear();
    publisher.outcome = Delivery::kDenied;
    EXPECT_EQ(run().size(), 1U);
    EXPECT_EQ(connect(), Topics{});
}

TEST_F(RetainedTopicsTest, ASensorThatComesBackIsKept) {
    run();
    config.sensors[0].name = "lab";
    publisher.outcome = Delivery::kLost;
    run();
    config.sensors[0].name = "attic";
    publisher.outcome = Delivery::kDelivered;
    EXPECT_EQ(run(), Topics{"edge/pi/sensor/lab/status"});
}

TEST_F(RetainedTopicsTest, ACopiedCardLeavesTheFirstMachinesTopicsAlone) {
    run();
    identity.deviceId = "host-ffffff";
    config.device.id = "copy";
    config.topics.base = "edge/copy";
    EXPECT_EQ(run(), Topics{});
    config.sensors.clear();
    EXPECT_EQ(run(), Topics{"edge/copy/sensor/attic/status"});
}

TEST_F(RetainedTopicsTest, ABrokerWithoutRetainedMessagesGetsNoEmptyOnes) {
    run();
    config.sensors.clear();
    ConnectionInfo info;
    info.limits.retain = false;
    publisher.connect(info);
    EXPECT_EQ(run(), Topics{});
}

TEST_F(RetainedTopicsTest, AReloadEmptiesWhatIsGone) {
    run();
    publisher.sent.clear();
    config.sensors.clear();
    retained->onReload();
    loop->advance(seconds{1});

    ASSERT_EQ(publisher.sent.size(), 1U);
    EXPECT_EQ(publisher.sent[0].publication.topic, "edge/pi/sensor/attic/status");
}

TEST_F(RetainedTopicsTest, ATopicThatAReloadBringsBackIsNotForgotten) {
    run();
    const std::vector<SensorConfig> sensors = config.sensors;
    publisher.outcome.reset();
    config.sensors.clear();
    retained->onReload();
    config.sensors = sensors;
    retained->onReload();
    publisher.finishAll(Delivery::kDelivered);
    loop->advance(seconds{1});
    publisher.outcome = Delivery::kDelivered;
    config.sensors.clear();

    EXPECT_EQ(run(), Topics{"edge/pi/sensor/attic/status"});
}

}  // namespace
}  // namespace edge
