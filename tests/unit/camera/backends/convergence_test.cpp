// SPDX-License-Identifier: MIT
#include "camera/backends/libcamera/convergence.hpp"

#include <gtest/gtest.h>

namespace edge {
namespace {

ReportedStates gains(float red, float blue) {
    ReportedStates states;
    states.colourGains = {red, blue};
    return states;
}

TEST(Convergence, OfACameraThatSaysNothingIsSettledAtOnce) {
    EXPECT_EQ(Convergence({}).add({}), Adjustment::kSettled);
}

TEST(Convergence, FollowsTheExposureInEveryRelease) {
    Convergence convergence({});
    EXPECT_EQ(convergence.add({.aeLocked = false}), Adjustment::kSearching);
    EXPECT_EQ(convergence.add({.aeLocked = true}), Adjustment::kSettled);
    EXPECT_EQ(convergence.add({.aeState = 1}), Adjustment::kSearching);
    EXPECT_EQ(convergence.add({.aeState = 2}), Adjustment::kSettled);
    EXPECT_EQ(convergence.add({.aeState = 0}), Adjustment::kSettled) << "idle: nothing is automatic";
}

TEST(Convergence, FollowsTheWhiteBalance) {
    Convergence convergence({});
    EXPECT_EQ(convergence.add({.awbState = 1}), Adjustment::kSearching);
    EXPECT_EQ(convergence.add({.awbState = 2}), Adjustment::kSettled);
    EXPECT_EQ(convergence.add({.awbLocked = false}), Adjustment::kSearching);
    EXPECT_EQ(convergence.add({.awbLocked = true}), Adjustment::kSettled);
}

TEST(Convergence, JudgesTheWhiteBalanceByItsGainsWhereNothingElseIsReported) {
    Convergence convergence({});
    EXPECT_EQ(convergence.add(gains(1, 1)), Adjustment::kSearching);
    EXPECT_EQ(convergence.add(gains(1.5, 1.4F)), Adjustment::kSearching);
    EXPECT_EQ(convergence.add(gains(1.51F, 1.41F)), Adjustment::kSearching);
    EXPECT_EQ(convergence.add(gains(1.51F, 1.41F)), Adjustment::kSettled);
    EXPECT_EQ(convergence.add(gains(1.51F, 1.8F)), Adjustment::kSearching);
}

TEST(Convergence, TellsAFocusThatFailedFromOneThatIsSearched) {
    Convergence convergence({.isFocusContinuous = true});
    EXPECT_EQ(convergence.add({.afState = 0}), Adjustment::kSearching) << "it has not begun yet";
    EXPECT_EQ(convergence.add({.afState = 1}), Adjustment::kSearching);
    EXPECT_EQ(convergence.add({.afState = 3}), Adjustment::kFailed);
    EXPECT_EQ(convergence.add({.aeLocked = false, .afState = 3}), Adjustment::kSearching);
    EXPECT_EQ(convergence.add({.afState = 2}), Adjustment::kSettled);
}

TEST(Convergence, AnIdleLensThatIsSetByHandIsSettled) {
    EXPECT_EQ(Convergence(AutomaticParts::of({{"AfMode", std::int64_t{0}}}, true)).add({.afState = 0}),
              Adjustment::kSettled);
    EXPECT_EQ(Convergence(AutomaticParts::of({}, true)).add({.afState = 0}), Adjustment::kSearching);
}

TEST(Convergence, DoesNotWaitForWhatTheControlsFix) {
    const Controls night{{"ExposureTime", std::int64_t{6'000'000}}, {"AnalogueGain", 2.0}};
    EXPECT_EQ(Convergence(AutomaticParts::of(night, false)).add({.aeLocked = false}), Adjustment::kSettled);
    EXPECT_EQ(Convergence(AutomaticParts::of({{"AeEnable", false}}, false)).add({.aeState = 1}), Adjustment::kSettled);
    const Controls onlyTime{{"ExposureTime", std::int64_t{6'000'000}}};
    EXPECT_EQ(Convergence(AutomaticParts::of(onlyTime, false)).add({.aeLocked = false}), Adjustment::kSearching);
    const Controls colours{{"ColourGains", std::vector<double>{1.5, 1.2}}};
    EXPECT_EQ(Convergence(AutomaticParts::of(colours, false)).add(gains(1.5, 1.2F)), Adjustment::kSettled);
    EXPECT_EQ(Convergence(AutomaticParts::of({{"AwbEnable", false}}, false)).add({.awbState = 1}),
              Adjustment::kSettled);
}

TEST(ControlsDelay, IsNoneWithoutControlsOfItsOwn) {
    EXPECT_TRUE(ControlsDelay(Controls{}).add(std::nullopt, std::nullopt));
}

TEST(ControlsDelay, EndsWithTheFirstFrameThatReportsThem) {
    ControlsDelay delay({{"ExposureTime", std::int64_t{20'000}}, {"AnalogueGain", 2.0}});
    EXPECT_FALSE(delay.add(8000, 1));
    EXPECT_FALSE(delay.add(19'990, 1));
    EXPECT_TRUE(delay.add(19'990, 2.01));
    EXPECT_TRUE(delay.add(8000, 1)) << "it is over";
}

TEST(ControlsDelay, CountsFramesWhereTheCameraReportsNothingOrAnotherValue) {
    ControlsDelay unknown({{"Brightness", 0.5}});
    ControlsDelay cut({{"ExposureTime", std::int64_t{60'000'000}}});
    for (int i = 0; i < ControlsDelay::kFrames; ++i) {
        EXPECT_FALSE(unknown.add(std::nullopt, std::nullopt));
        EXPECT_FALSE(cut.add(1'000'000, std::nullopt));
    }
    EXPECT_TRUE(unknown.add(std::nullopt, std::nullopt));
    EXPECT_TRUE(cut.add(1'000'000, std::nullopt));
}

}  // namespace
}  // namespace edge
