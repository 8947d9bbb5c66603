// SPDX-License-Identifier: MIT
#include "services/settings/settings_service.hpp"

#include <memory>
#include <optional>
#include <string>

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "config/load.hpp"
#include "fakes/fake_publisher.hpp"
#include "fakes/manual_loop.hpp"
#include "fakes/temp_dir.hpp"
#include "journal/journal.hpp"

namespace edge {
namespace {

using Json = nlohmann::json;

/// The service over a fake broker and a real journal file; it changes the configuration as the agent does.
class SettingsServiceTest : public ::testing::Test {
  protected:
    SettingsServiceTest() { boot(); }

    static Identity identity() {
        Identity identity;
        identity.deviceId = "pi";
        return identity;
    }

    /// A start of the agent with `file`; the previous one was killed.
    void boot() {
        service.reset();
        journal.reset();
        loop->runPending();
        JournalConfig journalConfig;
        journalConfig.path = dir.file("journal.db");
        journal = std::make_unique<Journal>(*loop, loop, journalConfig, std::string(32, 'b'));
        std::optional<JournalSnapshot> snapshot;
        journal->open([&](const Result<JournalSnapshot>& opened) { snapshot = opened.value(); });
        loop->runPending();
        service = std::make_unique<SettingsService>(
            ServiceContext{*loop, publisher, *journal, config},
            [this](const Settings& wanted, const Settings& /*values*/) { return apply(wanted); });
        const Settings saved = SettingsService::saved(*snapshot);
        dropped.clear();
        config = parseValid({{"agent.toml", file}}, identity(), saved, dropped);
        service->restored(saved);
        settle();
    }

    /// SIGHUP.
    void reload(const std::string& text) {
        file = text;
        const Config before = config;
        dropped.clear();
        config = parseValid({{"agent.toml", file}}, identity(), changedSettings(before), dropped);
        service->onReload(before);
        settle();
    }

    Result<void> apply(const Settings& wanted) {
        try {
            const Config before = std::exchange(config, parseConfig({{"agent.toml", file}}, identity(), wanted));
            ++applied;
            service->onReload(before);
            return {};
        } catch (const ConfigError& error) {
            return fail(Errc::kInvalid, error.what());
        }
    }

    Outcome set(const std::string& values) {
        const Outcome outcome = service->set(values);
        settle();
        return outcome;
    }

    void settle() { loop->advance(Journal::kCommitPause); }

    [[nodiscard]] Json published() const { return Json::parse(publisher.on("edge/pi/settings").back().payload); }
    [[nodiscard]] std::string motion() const { return publisher.on("edge/pi/camera/motion/enabled").back().payload; }

    TempDir dir;
    std::string file = "[telemetry]\ninterval = \"2s\"\n";
    Config config;
    std::shared_ptr<ManualLoop> loop = std::make_shared<ManualLoop>();
    FakePublisher publisher{*loop};
    std::unique_ptr<Journal> journal;
    std::unique_ptr<SettingsService> service;
    std::vector<std::string> dropped;
    int applied = 0;
};

TEST_F(SettingsServiceTest, AppliesPublishesAndRepliesWhatDiffers) {
    const Outcome outcome = set(R"({"telemetry.interval":"10s","image.quality":90})");
    EXPECT_TRUE(outcome.ok);
    EXPECT_EQ(config.telemetry.interval, seconds{10});
    EXPECT_EQ(Json::parse(outcome.data), Json::parse(R"({"telemetry.interval":{"value":"10s","configured":"2s"}})"));
    EXPECT_EQ(published(), Json::parse(outcome.data));
    EXPECT_EQ(publisher.on("edge/pi/settings").back().retain, Retain::kYes);
}

TEST_F(SettingsServiceTest, AppliesAllOrNothing) {
    const Outcome outcome = set(R"({"telemetry.interval":"10s","image.quality":0})");
    EXPECT_FALSE(outcome.ok);
    EXPECT_EQ(outcome.code, ReplyCode::kInvalidOption);
    EXPECT_EQ(config.telemetry.interval, seconds{2});
    boot();
    EXPECT_EQ(config.telemetry.interval, seconds{2});
}

TEST_F(SettingsServiceTest, AddsToWhatWasSetBeforeAndReturnsToTheFileWithNull) {
    set(R"({"telemetry.interval":"10s"})");
    set(R"({"image.quality":40})");
    EXPECT_EQ(published().size(), 2U);
    set(R"({"telemetry.interval":null})");
    EXPECT_EQ(config.telemetry.interval, seconds{2});
    EXPECT_EQ(config.image.quality, 40);
    EXPECT_EQ(set(R"({"image.quality":null})").data, "{}");
    EXPECT_EQ(published(), Json::object());
}

TEST_F(SettingsServiceTest, RefusesWhatIsNotSettable) {
    for (const char* values : {R"({"mqtt.servers":["mqtt://evil"]})", R"({"topics.command":"x"})", R"({"nonsense":1})",
                               R"({"nonsense":null})", R"({"camera.masks":[]})", "[]", "", "{"}) {
        const Outcome outcome = set(values);
        EXPECT_FALSE(outcome.ok) << values;
        EXPECT_EQ(outcome.code, ReplyCode::kInvalidOption) << values;
    }
    EXPECT_EQ(applied, 0);
}

TEST_F(SettingsServiceTest, SurvivesAKill) {
    set(R"({"telemetry.interval":"10s","camera.controls":{"ExposureTime":10000}})");
    boot();
    EXPECT_EQ(config.telemetry.interval, seconds{10});
    EXPECT_EQ(config.camera.controls.size(), 1U);
}

TEST_F(SettingsServiceTest, SurvivesAReload) {
    set(R"({"telemetry.interval":"10s"})");
    reload("[telemetry]\ninterval = \"3s\"\n[image]\nquality = 50\n");
    EXPECT_EQ(config.telemetry.interval, seconds{10});
    EXPECT_EQ(config.image.quality, 50);
    EXPECT_EQ(published()["telemetry.interval"]["configured"], "3s");
}

TEST_F(SettingsServiceTest, EndsWhereTheFileSaysTheSame) {
    set(R"({"telemetry.interval":"10s"})");
    reload("[telemetry]\ninterval = \"10s\"\n");
    EXPECT_EQ(published(), Json::object());
    reload("[telemetry]\ninterval = \"3s\"\n");
    EXPECT_EQ(config.telemetry.interval, seconds{3});
}

TEST_F(SettingsServiceTest, DropsWhatAChangeOfTheFileMadeInvalid) {
    set(R"({"camera.motion.enabled":true,"image.quality":40})");
    file = "[camera]\nbackend = \"none\"\n";
    boot();
    EXPECT_EQ(dropped.size(), 1U);
    EXPECT_FALSE(config.camera.motion.enabled);
    EXPECT_EQ(config.image.quality, 40);
    file = "";
    boot();
    EXPECT_FALSE(config.camera.motion.enabled) << "it was dropped for good";
    EXPECT_EQ(config.image.quality, 40);
}

TEST_F(SettingsServiceTest, StartsWithADamagedRow) {
    for (const char* damaged :
         {"{", "[]", "7", R"({"telemetry.interval":"nonsense"})", R"({"telemetry.interval":{}})"}) {
        journal->saveState(kSettingsState, damaged, {});
        settle();
        boot();
        EXPECT_EQ(config.telemetry.interval, seconds{2}) << damaged;
    }
}

TEST_F(SettingsServiceTest, PublishesOnEveryConnectionAlsoThatNothingDiffers) {
    service->onConnected();
    EXPECT_EQ(published(), Json::object());
    EXPECT_EQ(motion(), "OFF");
}

TEST_F(SettingsServiceTest, SwitchesMotion) {
    EXPECT_EQ(service->setSwitch("camera/motion/enabled", OutputCommand::kOn).data, R"({"state":"ON"})");
    EXPECT_TRUE(config.camera.motion.enabled);
    EXPECT_EQ(motion(), "ON");
    EXPECT_TRUE(published().contains("camera.motion.enabled"));
    EXPECT_EQ(service->setSwitch("camera/motion/enabled", OutputCommand::kToggle).data, R"({"state":"OFF"})");
    EXPECT_EQ(motion(), "OFF");
    EXPECT_EQ(published(), Json::object());
}

TEST_F(SettingsServiceTest, PublishesASwitchThatSetOrAReloadChanges) {
    set(R"({"camera.motion.enabled":true})");
    EXPECT_EQ(motion(), "ON");
    set(R"({"camera.motion.enabled":null})");
    EXPECT_EQ(motion(), "OFF");
    reload("[camera.motion]\nenabled = true\n");
    EXPECT_EQ(motion(), "ON");
    const std::size_t before = publisher.on("edge/pi/camera/motion/enabled").size();
    set(R"({"image.quality":40})");
    EXPECT_EQ(publisher.on("edge/pi/camera/motion/enabled").size(), before);
}

TEST_F(SettingsServiceTest, PublishesASwitchThatAReloadBrings) {
    reload("[camera]\nbackend = \"none\"\n");
    const std::size_t before = publisher.on("edge/pi/camera/motion/enabled").size();
    reload("[camera]\nbackend = \"pattern\"\n");
    EXPECT_EQ(publisher.on("edge/pi/camera/motion/enabled").size(), before + 1);
}

TEST_F(SettingsServiceTest, RefusesASwitchThatThereIsNot) {
    EXPECT_FALSE(service->setSwitch("schedule/none/enabled", OutputCommand::kOn).ok);
    EXPECT_FALSE(service->setSwitch("camera/motion", OutputCommand::kOn).ok);
}

TEST_F(SettingsServiceTest, IsBounded) {
    const Outcome outcome = set(R"({"camera.controls":{"A":")" + std::string(1000, 'a') + R"(","B":")" +
                                std::string(1000, 'b') + R"(","C":")" + std::string(1000, 'c') + R"(","D":")" +
                                std::string(1000, 'd') + R"(","E":")" + std::string(1000, 'e') + R"("}})");
    EXPECT_FALSE(outcome.ok);
    EXPECT_EQ(config.camera.controls.size(), 0U);
}

TEST_F(SettingsServiceTest, IsBoundedByWhatIsInForce) {
    std::string numbers = "1";
    for (int i = 1; i < 256; ++i) numbers += ",1";
    std::string controls;
    for (const char name : std::string("ABCDEFG"))
        controls += fmt::format(R"({}"{}":[{}])", controls.empty() ? "" : ",", name, numbers);
    EXPECT_FALSE(set(R"({"camera.controls":{)" + controls + "}}").ok) << "each of them is 1.0";
    EXPECT_TRUE(set(R"({"image.quality":40})").ok);
}

}  // namespace
}  // namespace edge
