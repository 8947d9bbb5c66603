// SPDX-License-Identifier: MIT
#include <string>
#include <variant>

#include <gtest/gtest.h>

#include "unit/config/reading.hpp"

namespace edge {
namespace {

TEST(CameraControls, AreTakenWithTheTypesTheyHave) {
    const Config config = configOf(R"([camera.controls]
AeEnable = false
ExposureTime = 20000
AnalogueGain = 1.5
ColourGains = [1, 2.5]
"rpi::StatsOutputEnable" = true
)");

    const auto& controls = config.camera.controls;
    ASSERT_EQ(controls.size(), 5U);
    EXPECT_EQ(std::get<bool>(controls.at("AeEnable")), false);
    EXPECT_EQ(std::get<std::int64_t>(controls.at("ExposureTime")), 20'000);
    EXPECT_EQ(std::get<double>(controls.at("AnalogueGain")), 1.5);
    EXPECT_EQ(std::get<std::vector<double>>(controls.at("ColourGains")), (std::vector<double>{1.0, 2.5}));
}

TEST(CameraControls, RefuseWhatCannotBeOneAndNameIt) {
    for (const char* value :
         {"nan", "inf", "\"a\"", "[]", "[\"a\"]", "[[1]]", "[1, nan]", "{a = 1}", "2026-11-20", "[true]"}) {
        const std::string told = errorsOf("[camera.controls]\nGood = 1\nExposureTime = " + std::string(value) + "\n");
        EXPECT_TRUE(told.starts_with("agent.toml:3: camera.controls.ExposureTime: ")) << value << ": " << told;
    }
    EXPECT_TRUE(contains(errorsOf("[camera.controls]\n\"a b\" = 1\n"), "agent.toml:2: camera.controls.a b: "));
}

TEST(CameraControls, AreAllNamedThatAreWrong) {
    const std::string told = errorsOf("[camera.controls]\nA = nan\nB = 1\nC = []\n");

    EXPECT_TRUE(contains(told, "agent.toml:2: camera.controls.A: nan is not allowed;")) << told;
    EXPECT_TRUE(contains(told, "\nagent.toml:4: camera.controls.C: a list is not allowed;")) << told;
}

TEST(CameraControls, AreBoundedInNumberAndSize) {
    std::string text = "[camera.controls]\n";
    for (int i = 0; i < 65; ++i) text += "C" + std::to_string(i) + " = 1\n";
    EXPECT_TRUE(contains(errorsOf(text), "camera.controls: has 65 controls"));
    EXPECT_NE(errorsOf("[camera.controls]\nA = \"" + std::string(100'000, 'a') + "\"\n"), "");
}

}  // namespace
}  // namespace edge
