// SPDX-License-Identifier: MIT
#include "services/presence/presence.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/version.hpp"
#include "fakes/fake_publisher.hpp"
#include "fakes/manual_loop.hpp"

namespace edge {
namespace {

using Json = nlohmann::json;

class PresenceTest : public ::testing::Test {
  protected:
    static Config makeConfig() {
        Config config;
        config.device = {"pi", "kitchen"};
        config.topics.base = "edge/pi";
        SensorConfig sensor;
        sensor.name = "room";
        sensor.topic = "room/temp";
        config.sensors.push_back(sensor);
        return config;
    }
    void SetUp() override {
        identity.model = "Raspberry Pi 4";
        identity.os = "Debian";
    }
    Presence make() {
        return Presence(ServiceContext{*loop, publisher, journal, config}, identity,
                        [this] { return "{\"n\":" + std::to_string(++healths) + "}"; });
    }

    Config config = makeConfig();
    Identity identity;
    std::shared_ptr<ManualLoop> loop = std::make_shared<ManualLoop>();
    FakePublisher publisher{*loop};
    Journal journal{*loop, loop, config.journal, std::string(32, 'b')};  // not opened: nothing is recorded
    int healths = 0;
};

TEST_F(PresenceTest, AnnouncesOnlineThenInfoThenHealthAllRetained) {
    Presence presence = make();
    presence.announce();

    ASSERT_EQ(publisher.sent.size(), 3U);
    EXPECT_EQ(publisher.sent[0].publication.topic, "edge/pi/status");
    EXPECT_EQ(publisher.sent[0].publication.payload, "online");
    EXPECT_EQ(publisher.sent[1].publication.topic, "edge/pi/info");
    EXPECT_EQ(publisher.sent[2].publication.topic, "edge/pi/health");
    for (const auto& sent : publisher.sent) EXPECT_TRUE(sent.publication.retain == Retain::kYes);
}

TEST_F(PresenceTest, TheWillIsOffline) {
    const Publication will = Presence::lastWill(config);

    EXPECT_EQ(will.topic, "edge/pi/status");
    EXPECT_EQ(will.payload, "offline");
    EXPECT_TRUE(will.retain == Retain::kYes);
    EXPECT_TRUE(will.qos == Qos::kAtLeastOnce);
}

TEST_F(PresenceTest, InfoSaysWhoThisIs) {
    Presence presence = make();
    presence.announce();
    const Json info = Json::parse(*publisher.lastPayload("edge/pi/info"));

    EXPECT_EQ(info["id"], "pi");
    EXPECT_EQ(info["name"], "kitchen");
    EXPECT_EQ(info["version"], kVersion);
    EXPECT_EQ(info["model"], "Raspberry Pi 4");
    EXPECT_EQ(info["os"], "Debian");
    EXPECT_EQ(info["capabilities"]["sensors"][0]["topic"], "room/temp");
    EXPECT_TRUE(parseRfc3339(info["started_at"].get<std::string>()));
}

TEST_F(PresenceTest, HealthComesEveryMinuteAndSoonAfterAChange) {
    Presence presence = make();
    presence.announce();
    loop->advance(Presence::kHealthInterval * 2);
    EXPECT_EQ(publisher.on("edge/pi/health").size(), 3U);

    for (int i = 0; i < 100; ++i) presence.healthChanged();
    loop->advance(Presence::kHealthDelay);
    EXPECT_EQ(publisher.on("edge/pi/health").size(), 4U) << "several changes together";
    loop->advance(Presence::kHealthInterval - milliseconds{1});
    EXPECT_EQ(publisher.on("edge/pi/health").size(), 4U) << "a minute from the last one";
}

TEST_F(PresenceTest, IsSilentWhileOfflineAndWithPlainTopicsOnly) {
    Presence presence = make();
    presence.announce();
    publisher.disconnect();
    const std::size_t before = publisher.sent.size();
    loop->advance(Presence::kHealthInterval * 3);
    EXPECT_EQ(publisher.sent.size(), before);

    config.topics.base = "";
    FakePublisher plain{*loop};
    Presence quiet(ServiceContext{*loop, plain, journal, config}, identity, [] { return "{}"; });
    quiet.announce();
    EXPECT_TRUE(plain.sent.empty());
}

TEST_F(PresenceTest, ReloadPublishesTheInfoOnlyIfItChanged) {
    Presence presence = make();
    presence.announce();
    const Json before = Json::parse(*publisher.lastPayload("edge/pi/info"));
    loop->advance(seconds{10});
    Config old = config;
    config.image.quality = 10;
    presence.onReload(old);
    EXPECT_EQ(publisher.on("edge/pi/info").size(), 1U);

    old = config;
    config.sensors[0].topic = "lab/temp";
    presence.onReload(old);
    const Json after = Json::parse(*publisher.lastPayload("edge/pi/info"));
    EXPECT_EQ(after["capabilities"]["sensors"][0]["topic"], "lab/temp");
    EXPECT_EQ(after["started_at"], before["started_at"]) << "a reload is no start";
    EXPECT_EQ(publisher.on("edge/pi/status").size(), 1U);
}

}  // namespace
}  // namespace edge
