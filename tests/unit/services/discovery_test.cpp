// SPDX-License-Identifier: MIT
#include "services/discovery.hpp"

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
        discovery = std::make_unique<Discovery>(*loop, publisher, *journal, config, Identity{}, [] { return 0.5; });
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
    discovery->setInterval(seconds{2});
    discovery->setInterval(seconds{2});
    discovery->setInterval(std::nullopt);
    ASSERT_EQ(payloads().size(), 3U);
    EXPECT_TRUE(components(payloads()[1])["sensor_room"].contains("expire_after"));
    EXPECT_FALSE(components(payloads()[2])["sensor_room"].contains("expire_after"));
}

TEST_F(DiscoveryTest, ARenamedSensorIsTakenBackOnce) {
    connect();
    config.sensors.clear();
    addSensor("lab");
    start();
    connect();

    ASSERT_EQ(payloads().size(), 2U);
    EXPECT_EQ(components(payloads()[0])["sensor_room"], Json({{"p", "sensor"}}));
    EXPECT_FALSE(components(payloads()[1]).contains("sensor_room"));
    EXPECT_TRUE(components(payloads()[1]).contains("sensor_lab"));

    start();
    connect();
    EXPECT_EQ(payloads().size(), 1U) << "it was taken back already";
}

TEST_F(DiscoveryTest, WhatTheBrokerDidNotGetIsTakenBackTheNextTime) {
    connect();
    config.sensors.clear();
    start();
    publisher.outcome = Delivery::kLost;
    connect();
    start();
    publisher.outcome = Delivery::kDelivered;
    connect();
    ASSERT_EQ(payloads().size(), 2U);
    EXPECT_EQ(components(payloads()[0])["sensor_room"], Json({{"p", "sensor"}}));
}

TEST_F(DiscoveryTest, APlatformThatChangesIsTakenBackFirst) {
    GpioOutputConfig lamp;
    lamp.name = "lamp";
    config.gpio.outputs.push_back(lamp);
    start();
    connect();
    config.gpio.outputs[0].role = OutputRole::kStatus;
    start();
    connect();
    ASSERT_EQ(payloads().size(), 2U);
    EXPECT_EQ(components(payloads()[0])["gpio_lamp"], Json({{"p", "switch"}}));
    EXPECT_EQ(components(payloads()[1])["gpio_lamp"]["p"], "binary_sensor");
}

TEST_F(DiscoveryTest, ANewIdLeavesNoGhost) {
    connect();
    config.device.id = "other";
    config.topics.base = "edge/other";
    start();
    connect();
    EXPECT_EQ(payloads(), std::vector<std::string>{""});
    EXPECT_EQ(payloads("homeassistant/device/other/config").size(), 1U);
}

TEST_F(DiscoveryTest, DisablingTakesEverythingBackOnce) {
    connect();
    config.homeAssistant.enabled = false;
    start();
    connect();
    EXPECT_EQ(payloads(), std::vector<std::string>{""});
    start();
    connect();
    EXPECT_TRUE(publisher.sent.empty());
}

TEST_F(DiscoveryTest, WhatMayNotBeTakenBackHoldsNothingUp) {
    connect();
    config.device.id = "other";
    start();
    publisher.outcome = Delivery::kDenied;
    connect();
    EXPECT_EQ(payloads("homeassistant/device/other/config").size(), 1U);
}

}  // namespace
}  // namespace edge
