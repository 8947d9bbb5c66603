// SPDX-License-Identifier: MIT
#include "config/settings.hpp"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "config/load.hpp"
#include "reading.hpp"

namespace edge {
namespace {

using Overrides = std::map<std::string, std::string>;

Config configWith(const std::string& text, const Settings& settings) {
    return parseConfig({{"agent.toml", text}}, testIdentity(), settings);
}

std::string errorsWith(const std::string& text, const Settings& settings) {
    try {
        (void)configWith(text, settings);
        return "";
    } catch (const ConfigError& error) {
        return error.what();
    }
}

TEST(Settings, ReplaceWhatTheFilesSay) {
    const Config config = configWith("[telemetry]\ninterval = \"2s\"\n[camera]\nwidth = 320\n",
                                     {{"telemetry.interval", R"("10s")"},
                                      {"camera.motion.enabled", "true"},
                                      {"camera.motion.sensitivity", "70"},
                                      {"camera.motion.cool_down", R"("1m")"},
                                      {"camera.controls", R"({"ExposureTime":10000,"Gains":[1.5,2]})"},
                                      {"image.quality", "40"},
                                      {"image.timestamp", "true"},
                                      {"log.level", R"("debug")"}});
    EXPECT_EQ(config.telemetry.interval, seconds{10});
    EXPECT_TRUE(config.camera.motion.enabled);
    EXPECT_EQ(config.camera.motion.sensitivity, 70);
    EXPECT_EQ(config.camera.motion.coolDown, seconds{60});
    EXPECT_EQ(config.camera.controls.size(), 2U);
    EXPECT_EQ(config.camera.width, 320);
    EXPECT_EQ(config.image.quality, 40);
    EXPECT_TRUE(config.image.timestamp);
    EXPECT_EQ(config.log.level, log::Level::kDebug);
    ASSERT_TRUE(config.overrides);
    EXPECT_EQ(config.overrides->size(), 8U);
    EXPECT_EQ(config.overrides->at("telemetry.interval"), R"("2s")");
    EXPECT_EQ(config.overrides->at("image.quality"), "90");
}

TEST(Settings, ReplaceAWholeTableOfControls) {
    const Config config = configWith("[camera.controls]\nContrast = 1.5\nBrightness = 0.1\n",
                                     {{"camera.controls", R"({"Sharpness":2})"}});
    EXPECT_EQ(config.camera.controls.size(), 1U);
    EXPECT_EQ(config.overrides->at("camera.controls"), R"({"Brightness":0.1,"Contrast":1.5})");
}

TEST(Settings, EqualToTheFilesAreNoOverrides) {
    const Config config =
        configWith("[telemetry]\ninterval = \"60s\"\n", {{"telemetry.interval", R"("1m")"}, {"image.quality", "90"}});
    EXPECT_EQ(config.overrides, Overrides{});
    EXPECT_EQ(changedSettings(config), Settings{});
}

TEST(Settings, NullReturnsToTheFiles) {
    const Config config = configWith("[image]\nquality = 50\n", {{"image.quality", "null"}});
    EXPECT_EQ(config.image.quality, 50);
    EXPECT_EQ(config.overrides, Overrides{});
}

TEST(Settings, AreNotReadFromFilesAlone) {
    EXPECT_EQ(configOf("").overrides, std::nullopt);
    EXPECT_EQ(configOf("").settings.at("telemetry.interval"), R"("2s")");
}

TEST(Settings, AreCheckedAsInAFileAndHaveNoPlace) {
    const std::pair<const char*, const char*> wrong[]{
        {"telemetry.interval", "5"},     {"telemetry.interval", R"("1ms")"},
        {"image.quality", "101"},        {"image.quality", "50.5"},
        {"image.timestamp", R"("yes")"}, {"log.level", R"("loud")"},
        {"camera.controls", "[1]"},      {"camera.controls", R"({"A":null})"},
        {"camera.motion.enabled", "[]"}, {"camera.motion.sensitivity", "99999999999999999999"}};
    for (const auto& [key, value] : wrong) {
        const std::string error = errorsWith("", {{key, value}});
        EXPECT_TRUE(error.starts_with(key)) << error;
        EXPECT_TRUE(contains(error, "allowed: ")) << error;
    }
    const std::string inFile = errorsOf("[image]\nquality = 101\n");
    EXPECT_TRUE(inFile.ends_with(errorsWith("", {{"image.quality", "101"}}))) << inFile;
}

TEST(Settings, AreCheckedTogetherWithTheFiles) {
    EXPECT_TRUE(
        contains(errorsWith("[camera]\nbackend = \"none\"\n", {{"camera.motion.enabled", "true"}}), "needs a camera"));
}

TEST(Settings, RefuseEveryKeyThatIsNotSettableAndSayWhereItIsSet) {
    const std::string file =
        "[mqtt]\nusername = \"pi\"\n[[sensor]]\nname = \"room\"\ntopic = \"room/temp\"\n"
        "[[schedule]]\nname = \"lapse\"\nevery = \"1h\"\n";
    EXPECT_TRUE(contains(errorsWith(file, {{"mqtt.username", R"("eve")"}}), "agent.toml:2"));
    EXPECT_TRUE(contains(errorsWith(file, {{"sensor.room.topic", R"("x")"}}), "agent.toml:5"));
    for (const TableKey& key : allKeys()) {
        if (key.isSettable || key.table.find("gpio") == 0) continue;
        std::string path = key.path();
        if (key.table == "sensor") path = "sensor.room." + key.name;
        if (key.table == "schedule") path = "schedule.lapse." + key.name;
        const std::string error = errorsWith(file, {{path, "null"}});
        EXPECT_TRUE(contains(error, "cannot be set over MQTT")) << path << ": " << error;
    }
}

TEST(Settings, OfTheConnectionAndOfMasksAreNotSettable) {
    for (const TableKey& key : allKeys()) {
        if (!key.isSettable) continue;
        EXPECT_FALSE(key.table.starts_with("mqtt") || key.table == "topics" || key.table == "device") << key.path();
        EXPECT_FALSE(key.isSecret) << key.path();
        EXPECT_FALSE(contains(key.allowed, "areas") || contains(key.allowed, "addresses")) << key.path();
        EXPECT_TRUE(key.json) << key.path();
    }
}

TEST(Settings, NameTheOneThatWasMeant) {
    EXPECT_TRUE(contains(errorsWith("", {{"telemetry.intervall", R"("5s")"}}), "did you mean telemetry.interval?"));
    EXPECT_TRUE(contains(errorsWith("", {{"xyzzy", "1"}}), "log.level"));
    EXPECT_TRUE(contains(errorsWith("", {{"camera", "{}"}}), "unknown setting"));
}

TEST(Settings, ThatCannotBeUsedAreDroppedAlone) {
    std::vector<std::string> dropped;
    const Config config =
        parseValid({{"agent.toml", ""}}, testIdentity(),
                   {{"image.quality", "0"}, {"telemetry.interval", R"("7s")"}, {"no.such", "1"}}, dropped);
    EXPECT_EQ(config.telemetry.interval, seconds{7});
    EXPECT_EQ(config.image.quality, 90);
    EXPECT_EQ(dropped.size(), 2U);
}

TEST(Settings, AreOneJsonObject) {
    const Settings settings{{"camera.controls", R"({"A":1})"}, {"log.level", R"("debug")"}};
    EXPECT_EQ(formatSettings(settings), R"({"camera.controls":{"A":1},"log.level":"debug"})");
    EXPECT_EQ(parseSettings(formatSettings(settings)), settings);
    EXPECT_EQ(parseSettings("[]"), std::nullopt);
    EXPECT_EQ(parseSettings("{"), std::nullopt);
}

TEST(Settings, ShownByCheckConfigHaveNoLine) {
    Config config = configWith("", {{"image.quality", "40"}});
    EXPECT_EQ(describeOverrides(config).size(), 1U);
}

TEST(Switches, AreTheSettingsNamedEnabled) {
    EXPECT_EQ(switchTopics(configOf("")), std::vector<std::string>{"camera/motion/enabled"});
    EXPECT_EQ(switchTopics(configOf("[camera]\nbackend = \"none\"\n")), std::vector<std::string>{});
    EXPECT_EQ(switchKey("camera/motion/enabled"), "camera.motion.enabled");
}

TEST(Switches, HaveTopicsThatNothingElseMayUse) {
    EXPECT_NE(errorsOf("[image]\ntopic = \"edge/{id}/camera/motion/enabled\"\n"), "");
    EXPECT_NE(errorsOf("[image]\ntopic = \"edge/{id}/camera/motion/enabled/set\"\n"), "");
    EXPECT_NE(errorsOf("[image]\ntopic = \"edge/{id}/settings\"\n"), "");
}

}  // namespace
}  // namespace edge
