// SPDX-License-Identifier: MIT
#include "services/home_assistant/discovery.hpp"

#include <memory>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "fakes/fake_publisher.hpp"
#include "fakes/manual_loop.hpp"
#include "fakes/temp_dir.hpp"

namespace edge {
namespace {

using Json = nlohmann::json;

constexpr const char* kTopic = "homeassistant/device/pi/config";

class DiscoveryTest : public ::testing::Test {
  protected:
    DiscoveryTest() {
        config.device = {"pi", "kitchen"};
        config.topics.base = "edge/pi";
        config.homeAssistant.enabled = true;
        config.journal.path = dir.file("journal.db");
        addSensor("room");
        start();
    }

    void addSensor(const std::string& name) {
        SensorConfig sensor;
        sensor.name = name;
        config.sensors.push_back(sensor);
    }

    /// A run of the agent over the journal that the one before left.
    void start() {
        if (journal) {
            journal->close([] {});
            loop->runPending();
        }
        discovery.reset();
        journal = std::make_unique<Journal>(*loop, loop, config.journal, std::string(32, 'b'));
        discovery = std::make_unique<Discovery>(
            ServiceContext{*loop, publisher, *journal, config}, Identity{}, [] { return 0.5; },
            [this] { ++subscribed; });
        journal->open([this](const Result<JournalSnapshot>& snapshot) { discovery->restore(*snapshot); });
        loop->runPending();
        publisher.sent.clear();
    }
    void connect() {
        discovery->onConnected();
        loop->advance(seconds{1});
    }
    [[nodiscard]] std::vector<std::string> payloads(const std::string& topic = kTopic) const {
        std::vector<std::string> all;
        for (const Publication& publication : publisher.on(topic)) {
            EXPECT_TRUE(publication.retain == Retain::kYes);
            all.push_back(publication.payload);
        }
        return all;
    }
    static Json components(const std::string& payload) { return Json::parse(payload)["cmps"]; }

    TempDir dir;
    Config config;
    std::shared_ptr<ManualLoop> loop = std::make_shared<ManualLoop>();
    FakePublisher publisher{*loop};
    std::unique_ptr<Journal> journal;
    std::unique_ptr<Discovery> discovery;
    int subscribed = 0;
};

TEST_F(DiscoveryTest, AnnouncesOnEveryConnection) {
    connect();
    connect();
    ASSERT_EQ(payloads().size(), 2U);
    EXPECT_TRUE(components(payloads().front()).contains("sensor_room"));
}

TEST_F(DiscoveryTest, SaysNothingWhereItIsDisabledAndNeverWasEnabled) {
    config.homeAssistant.enabled = false;
    start();
    connect();
    EXPECT_TRUE(publisher.sent.empty());
    EXPECT_FALSE(Discovery::subscription(config));
}

TEST_F(DiscoveryTest, AnswersHomeAssistantsBirthAfterADelay) {
    connect();
    discovery->handleBirth("offline");
    loop->advance(Discovery::kLongestBirthDelay);
    EXPECT_EQ(payloads().size(), 1U);

    discovery->handleBirth("online");
    loop->advance(Discovery::kLongestBirthDelay / 2 - milliseconds{1});
    EXPECT_EQ(payloads().size(), 1U);
    loop->advance(milliseconds{1});
    EXPECT_EQ(payloads().size(), 2U);
}

TEST_F(DiscoveryTest, TheExpiryComesAndGoesWithPublishing) {
    connect();
    loop->advance(Discovery::kPause);
    discovery->setInterval(seconds{2});
    discovery->setInterval(seconds{2});
    loop->advance(Discovery::kPause);
    discovery->setInterval(std::nullopt);
    loop->advance(Discovery::kPause);
    ASSERT_EQ(payloads().size(), 3U);
    EXPECT_TRUE(components(payloads()[1])["sensor_room"].contains("expire_after"));
    EXPECT_FALSE(components(payloads()[2])["sensor_room"].contains("expire_after"));
}

TEST_F(DiscoveryTest, NoAnnouncementComesRightBehindAnother) {
    connect();
    discovery->setInterval(seconds{2});
    discovery->setInterval(std::nullopt);
    discovery->setInterval(seconds{4});
    loop->advance(Discovery::kPause - seconds{1} - milliseconds{1});
    EXPECT_EQ(payloads().size(), 1U);
    loop->advance(milliseconds{1});
    ASSERT_EQ(payloads().size(), 2U);
    EXPECT_EQ(components(payloads()[1])["sensor_room"]["expire_after"], 30);
}

TEST_F(DiscoveryTest, TellsWhenHomeAssistantHasSubscribed) {
    connect();
    loop->advance(Discovery::kSubscribed - seconds{1} - milliseconds{1});
    EXPECT_EQ(subscribed, 0);
    loop->advance(milliseconds{1});
    EXPECT_EQ(subscribed, 1);

    discovery->handleBirth("online");
    loop->advance(Discovery::kLongestBirthDelay + Discovery::kSubscribed);
    EXPECT_EQ(subscribed, 2);

    connect();
    discovery->onDisconnected();
    loop->advance(Discovery::kSubscribed);
    EXPECT_EQ(subscribed, 2) << "there is no connection";
}

TEST_F(DiscoveryTest, ARemovedSensorStaysNamedAsRemoved) {
    connect();
    config.sensors.clear();
    addSensor("lab");
    for (int run = 0; run < 2; ++run) {
        start();
        connect();
        ASSERT_EQ(payloads().size(), 1U) << "the retained one must have it: Home Assistant may be away now";
        EXPECT_EQ(components(payloads()[0])["sensor_room"], Json({{"p", "sensor"}}));
        EXPECT_TRUE(components(payloads()[0])["sensor_lab"].contains("state_topic"));
    }
}

TEST_F(DiscoveryTest, ASensorThatComesBackIsAnnouncedAgain) {
    connect();
    config.sensors.clear();
    start();
    connect();
    addSensor("room");
    start();
    connect();
    EXPECT_TRUE(components(payloads()[0])["sensor_room"].contains("state_topic"));
}

TEST_F(DiscoveryTest, WhatTheBrokerDidNotGetIsRemovedTheNextTime) {
    connect();
    config.sensors.clear();
    start();
    publisher.outcome = Delivery::kLost;
    connect();
    start();
    publisher.outcome = Delivery::kDelivered;
    connect();
    EXPECT_EQ(components(payloads()[0])["sensor_room"], Json({{"p", "sensor"}}));
}

TEST_F(DiscoveryTest, ForgetsRemovedComponentsWhereTheyAreTooMany) {
    for (std::size_t i = 0; i < Discovery::kMostKnown; ++i) addSensor("s" + std::to_string(i));
    start();
    connect();
    config.sensors.clear();
    addSensor("lab");
    start();
    connect();
    EXPECT_FALSE(components(payloads()[0]).contains("sensor_s0"));
    EXPECT_TRUE(components(payloads()[0]).contains("sensor_lab"));
}

TEST_F(DiscoveryTest, AnotherIdBeginsWithNothingToRemove) {
    connect();
    config.device.id = "other";
    config.sensors.clear();
    start();
    connect();
    EXPECT_TRUE(payloads().empty());
    EXPECT_FALSE(components(payloads("homeassistant/device/other/config").at(0)).contains("sensor_room"));
}

TEST_F(DiscoveryTest, EnabledAgainItBeginsWithNothingToRemove) {
    connect();
    config.homeAssistant.enabled = false;
    config.sensors.clear();
    start();
    connect();
    EXPECT_TRUE(publisher.sent.empty());
    config.homeAssistant.enabled = true;
    start();
    connect();
    EXPECT_FALSE(components(payloads().at(0)).contains("sensor_room"));
}

TEST_F(DiscoveryTest, AReloadAnnouncesOnlyWhatSaysSomethingElse) {
    connect();
    Config before = config;
    config.image.quality = 10;
    discovery->onReload(before);
    loop->advance(seconds{60});
    EXPECT_EQ(payloads().size(), 1U);

    before = config;
    config.sensors.clear();
    addSensor("attic");
    discovery->onReload(before);
    loop->advance(Discovery::kPause);
    ASSERT_EQ(payloads().size(), 2U);
    EXPECT_EQ(components(payloads().back())["sensor_room"], (Json{{"p", "sensor"}})) << "removed";
    EXPECT_TRUE(components(payloads().back()).contains("sensor_attic"));
}

TEST_F(DiscoveryTest, AReloadEnablesAndDisablesIt) {
    connect();
    Config before = config;
    config.homeAssistant.enabled = false;
    discovery->onReload(before);
    discovery->handleBirth("online");
    loop->advance(seconds{60});
    EXPECT_EQ(payloads().size(), 1U);

    before = config;
    config.homeAssistant.enabled = true;
    config.homeAssistant.prefix = "other";
    config.sensors.clear();
    discovery->onReload(before);
    loop->advance(seconds{60});
    ASSERT_EQ(payloads("other/device/pi/config").size(), 1U);
    EXPECT_FALSE(components(payloads("other/device/pi/config")[0]).contains("sensor_room")) << "its memory was cleared";
}

}  // namespace
}  // namespace edge
