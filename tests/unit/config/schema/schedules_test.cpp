// SPDX-License-Identifier: MIT
#include <string>

#include <gtest/gtest.h>

#include "fakes/temp_dir.hpp"
#include "unit/config/reading.hpp"

namespace edge {
namespace {

using namespace std::chrono_literals;

constexpr const char* kPlace = "[device]\nlatitude = 37.57\nlongitude = 126.98\n";

TEST(Schedules, AreReadWithTheirTimesAndTheOptionsOfTheirAction) {
    const Config config =
        configOf(std::string(kPlace) +
                 "[[schedule]]\nname = \"timelapse\"\nevery = \"10m\"\n"
                 "between = [\"sunrise\", \"sunset-30m\"]\ndays = [\"mon\", \"sun\"]\n"
                 "width = 1920\ncontrols = { ExposureTime = 20000 }\n"
                 "[[schedule]]\nname = \"evening\"\nat = [\"18:00\", \"sunset\"]\naction = \"stop\"\n");

    EXPECT_EQ(config.device.place, (Coordinates{37.57, 126.98}));
    ASSERT_EQ(config.schedules.size(), 2U);
    const ScheduleConfig& lapse = config.schedules[0];
    EXPECT_EQ(lapse.name, "timelapse");
    EXPECT_EQ(lapse.rule.every, 10min);
    EXPECT_TRUE(lapse.rule.at.empty());
    EXPECT_EQ(lapse.rule.between, (std::vector{*parseDayTime("sunrise"), *parseDayTime("sunset-30m")}));
    EXPECT_EQ(lapse.rule.days, (std::vector{std::chrono::Monday, std::chrono::Sunday}));
    EXPECT_EQ(lapse.action, "capture");
    EXPECT_EQ(lapse.options.at("width"), "1920");
    EXPECT_TRUE(contains(lapse.options.at("controls"), "\"ExposureTime\" : 20000")) << lapse.options.at("controls");
    const ScheduleConfig& evening = config.schedules[1];
    EXPECT_EQ(evening.rule.every, 0min) << "the default is for schedules without times";
    EXPECT_EQ(evening.rule.at, (std::vector{*parseDayTime("18:00"), *parseDayTime("sunset")}));
    EXPECT_TRUE(evening.options.empty());
}

TEST(Schedules, NeedEitherAnIntervalOrTimes) {
    EXPECT_EQ(errorsOf("\n[[schedule]]\nname = \"a\"\n"),
              "agent.toml:2: schedule: has neither every nor at; allowed: one of them");
    EXPECT_EQ(errorsOf("[[schedule]]\nname = \"a\"\nat = []\n"),
              "agent.toml:1: schedule: has neither every nor at; allowed: one of them");
    EXPECT_EQ(errorsOf("[[schedule]]\nname = \"a\"\nevery = \"1h\"\nat = [\"07:30\"]\n"),
              "agent.toml:4: schedule.at: is set together with every; allowed: one of them");
    EXPECT_EQ(errorsOf("[[schedule]]\nname = \"a\"\nevery = \"1h\"\nat = []\n"), "");
}

TEST(Schedules, NeedAPlaceForTheSun) {
    EXPECT_EQ(errorsOf("[[schedule]]\nname = \"a\"\nat = [\"07:30\", \"sunset\"]\n"),
              "agent.toml:3: schedule.at: has sunrise or sunset without a place; allowed: times like \"07:30\", or set "
              "latitude and longitude in [device]");
    EXPECT_TRUE(contains(errorsOf("[device]\nlatitude = 1\n[[schedule]]\nname = \"a\"\nevery = \"1h\"\n"
                                  "between = [\"sunrise\", \"sunset\"]\n"),
                         "agent.toml:6: schedule.between: has sunrise or sunset without a place"));
    EXPECT_EQ(errorsOf(std::string(kPlace) + "[[schedule]]\nname = \"a\"\nat = [\"sunrise\"]\n"), "");
    EXPECT_TRUE(contains(errorsOf("[device]\nlatitude = 91\n"), "agent.toml:2: device.latitude: 91 is not allowed"));
    EXPECT_TRUE(contains(errorsOf("[device]\nlongitude = -180.5\n"), "agent.toml:2: device.longitude: "));
}

TEST(Schedules, NameTheTimeThatIsWrong) {
    EXPECT_TRUE(contains(errorsOf("[[schedule]]\nname = \"a\"\nat = [\n  \"07:30\",\n  \"7:45\",\n]\n"),
                         "agent.toml:5: schedule.at: \"7:45\" is not allowed; allowed: a list of times like "));
    EXPECT_TRUE(contains(errorsOf("[[schedule]]\nname = \"a\"\nevery = \"1h\"\ndays = [\"mon\", \"friday\"]\n"),
                         "agent.toml:4: schedule.days: \"friday\" is not allowed; allowed: a list of \"mon\""));
    EXPECT_TRUE(
        contains(errorsOf("[[schedule]]\nname = \"a\"\nevery = \"1500ms\"\n"), "agent.toml:3: schedule.every: "));
}

TEST(Schedules, HaveAWindowOfTwoTimesOfOneKind) {
    const auto error = [](const std::string& between) {
        return errorsOf(std::string(kPlace) + "[[schedule]]\nname = \"a\"\nevery = \"1h\"\nbetween = " + between +
                        "\n");
    };
    EXPECT_EQ(error("[\"22:00\", \"06:00\"]"), "");
    EXPECT_EQ(error("[\"sunset+1h\", \"sunrise-1h\"]"), "");
    EXPECT_EQ(error("[\"sunset-1h\", \"sunset+1h\"]"), "");
    EXPECT_TRUE(contains(error("[\"08:00\"]"), "agent.toml:7: schedule.between: has 1 times; allowed: []"));
    EXPECT_TRUE(contains(error("[\"08:00\", \"sunset\"]"), "mixes a time of the clock with one of the sun"));
    EXPECT_TRUE(contains(error("[\"08:00\", \"08:00\"]"), "begins and ends at the same time"));
    EXPECT_TRUE(contains(error("[\"sunset+1h\", \"sunset\"]"), "ends before it begins"));
}

TEST(Schedules, HaveAnActionThatExists) {
    const auto error = [](const std::string& action, const std::string& more = "") {
        return errorsOf("[[schedule]]\nname = \"a\"\nevery = \"1h\"\naction = \"" + action + "\"\n" + more);
    };
    const std::string outputs =
        "[[gpio.output]]\nname = \"pump\"\nrole = \"\"\n[[gpio.output]]\nname = \"led\"\nline = 5\n"
        "[[gpio.input]]\nname = \"button\"\n";
    EXPECT_EQ(error("start"), "");
    EXPECT_EQ(error("pump=toggle", outputs), "");
    EXPECT_TRUE(contains(error("cancel"), "agent.toml:4: schedule.action: \"cancel\" is not an action; allowed: "));
    EXPECT_TRUE(contains(error("captur"), "did you mean \"capture\"?"));
    EXPECT_TRUE(contains(error("pump=onn", outputs), "did you mean \"pump=on\"?"));
    EXPECT_TRUE(contains(error("pump=off"), "agent.toml:4: schedule.action: \"pump\" is not an output; allowed: "));
    EXPECT_TRUE(contains(error("button=on", outputs), "\"button\" is not an output"));
    EXPECT_TRUE(contains(error("led=on", outputs), "output \"led\" shows the agent's own status"));
    EXPECT_TRUE(
        contains(error("capture", "[camera]\nbackend = \"none\"\n"), "agent.toml:4: schedule.action: needs a camera"));
}

TEST(Schedules, HaveNamesOfTheirOwn) {
    EXPECT_EQ(errorsOf("[[schedule]]\nname = \"a\"\nevery = \"1h\"\n[[schedule]]\nname = \"a\"\nevery = \"2h\"\n"),
              "agent.toml:5: schedule.name: \"a\" is already used in line 2; allowed: each name once");
    EXPECT_EQ(errorsOf("\n[[schedule]]\nevery = \"1h\"\n"),
              "agent.toml:2: schedule.name: is missing; allowed: a name of its own");
}

TEST(Schedules, KeepTheirTopicsToThemselves) {
    EXPECT_TRUE(contains(errorsOf("[image]\ntopic = \"edge/{id}/schedule/a/enabled/set\"\n"
                                  "[[schedule]]\nname = \"a\"\nevery = \"1h\"\n"),
                         "agent.toml:2: image.topic: "));
    EXPECT_TRUE(contains(errorsOf("[topics]\ncommand = \"edge/{id}/schedule/a/next\"\n"
                                  "[[schedule]]\nname = \"a\"\nevery = \"1h\"\n"),
                         "agent.toml:2: topics.command: "));
}

TEST(Schedules, AreMergedByNameAndShownWithTheirOptions) {
    TempDir directory;
    std::filesystem::create_directory(directory.file("agent.d"));
    const std::string main = directory.write(
        "agent.toml",
        "[[schedule]]\nname = \"a\"\nat = [\"07:30\"]\nwidth = 1920\n[[schedule]]\nname = \"b\"\nevery = \"1h\"\n");
    const std::string piece =
        directory.write("agent.d/10.toml", "[[schedule]]\nname = \"a\"\nwidth = 640\ncontrols = { Gain = 2.0 }\n");

    const std::string shown = showConfig(main, testIdentity());

    EXPECT_TRUE(contains(shown, "\n[[schedule]]\nname = \"a\" ")) << shown;
    EXPECT_TRUE(contains(shown, "\nat = [ \"07:30\" ] ")) << shown;
    EXPECT_TRUE(contains(shown, "\nwidth = 640 ")) << shown;
    EXPECT_TRUE(contains(shown, piece + ":3\n")) << shown;
    EXPECT_TRUE(contains(shown, "\n[schedule.controls]\nGain = 2.0 ")) << shown;
    EXPECT_TRUE(contains(shown, "\nevery = \"1h\" ")) << shown;
    EXPECT_FALSE(contains(shown, "every = \"10m\"")) << "a schedule with times has no interval\n" << shown;
}

}  // namespace
}  // namespace edge
