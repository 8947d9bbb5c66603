// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "gpio/gpiod_bindings.hpp"

namespace edge {
namespace {

GpioChip chip(int number, const std::string& label) {
    const std::string name = "gpiochip" + std::to_string(number);
    return {"/dev/" + name, name, label, 54, std::nullopt};
}

GpioChip closedChip(int number) {
    GpioChip closed = chip(number, "");
    closed.problem = Error{Errc::kPermission, "cannot open " + closed.path};
    return closed;
}

TEST(ChipLookup, FindsTheHeaderOfEveryPiModel) {
    const std::vector<std::pair<const char*, int>> headers{
        {"pinctrl-bcm2835", 0}, {"pinctrl-bcm2711", 0}, {"pinctrl-rp1", 4}};
    for (const auto& [label, number] : headers) {
        const auto found =
            pickChip({chip(number, label), chip(1, "raspberrypi-exp-gpio"), chip(2, "brcmvirt-gpio")}, "");

        ASSERT_TRUE(found) << label << ": " << found.error().message;
        EXPECT_EQ(found->label, label);
    }
}

TEST(ChipLookup, TakesTheOnlyChipOfABoardThatIsNoPi) {
    const auto found = pickChip({chip(0, "INT3450:00")}, "");

    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->path, "/dev/gpiochip0");
}

TEST(ChipLookup, ListsTheChipsWhereNoneIsKnownAsAHeader) {
    const auto found = pickChip({chip(0, "a-chip"), chip(1, "b-chip")}, "");

    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Errc::kNotFound);
    EXPECT_NE(found.error().message.find("gpiochip0 (a-chip, 54 lines), gpiochip1 (b-chip, 54 lines)"),
              std::string::npos)
        << found.error().message;
}

TEST(ChipLookup, FindsByLabelAndByName) {
    const std::vector<GpioChip> chips{chip(0, "a-chip"), chip(1, "b-chip")};

    EXPECT_EQ(pickChip(chips, "b-chip").value().name, "gpiochip1");
    EXPECT_EQ(pickChip(chips, "gpiochip0").value().label, "a-chip");
}

TEST(ChipLookup, PrefersALabelToANameThatReadsTheSame) {
    EXPECT_EQ(pickChip({chip(0, "a-chip"), chip(1, "gpiochip0")}, "gpiochip0").value().name, "gpiochip1");
}

TEST(ChipLookup, RefusesALabelThatTwoChipsHave) {
    const auto found = pickChip({chip(0, "pca9555"), chip(1, "pca9555")}, "pca9555");

    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Errc::kInvalid);
    EXPECT_NE(found.error().message.find("gpiochip1"), std::string::npos) << found.error().message;
}

TEST(ChipLookup, NamesTheUnknownChipAndWhatThereIs) {
    const auto found = pickChip({chip(0, "a-chip")}, "pinctrl-rp1");

    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Errc::kNotFound);
    EXPECT_EQ(found.error().message, "there is no GPIO chip \"pinctrl-rp1\"; there is gpiochip0 (a-chip, 54 lines)");
}

TEST(ChipLookup, SaysThatThereIsNoChipAtAll) {
    const auto found = pickChip({}, "");

    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Errc::kNotFound);
}

TEST(ChipLookup, BlamesThePermissionWhereTheChipMayBeTheClosedOne) {
    EXPECT_EQ(pickChip({closedChip(0)}, "").error().code, Errc::kPermission);
    EXPECT_EQ(pickChip({closedChip(0), chip(1, "b-chip")}, "pinctrl-rp1").error().code, Errc::kPermission);
    EXPECT_EQ(pickChip({closedChip(0)}, "gpiochip0").error().code, Errc::kPermission);
}

TEST(ChipLookup, IgnoresAClosedChipWhereTheWantedOneIsOpen) {
    EXPECT_EQ(pickChip({closedChip(0), chip(1, "pinctrl-rp1")}, "").value().name, "gpiochip1");
}

}  // namespace
}  // namespace edge
