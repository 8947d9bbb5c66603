// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "gpio/gpio.hpp"

namespace edge {
namespace {

// The library itself, on whatever machine this is: only what holds everywhere.

TEST(GpiodPort, SaysThatAMissingChipIsMissing) {
    GpioInputConfig config;
    config.name = "button";
    config.chip = "/dev/gpiochip987";
    config.line.offset = 3;

    const auto line = makeGpiodPort()->openInput(config);

    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().code, Errc::kNotFound) << line.error().message;
    EXPECT_NE(line.error().message.find("/dev/gpiochip987"), std::string::npos) << line.error().message;
}

TEST(GpiodPort, RefusesAFileThatIsNoChip) {
    GpioOutputConfig config;
    config.name = "led";
    config.chip = "/dev/null";
    config.line.offset = 3;

    const auto line = makeGpiodPort()->openOutput(config, false);

    ASSERT_FALSE(line);
    EXPECT_NE(line.error().message.find("/dev/null"), std::string::npos) << line.error().message;
}

TEST(GpiodPort, SaysThatALabelIsUnknown) {
    GpioOutputConfig config;
    config.name = "led";
    config.chip = "a label that no chip has";
    config.line.name = "GPIO17";

    EXPECT_FALSE(makeGpiodPort()->openOutput(config, false));
}

}  // namespace
}  // namespace edge
