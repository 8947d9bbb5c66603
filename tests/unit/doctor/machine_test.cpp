// SPDX-License-Identifier: MIT
#include "doctor/machine.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "unit/doctor/fake_machine.hpp"

namespace edge {
namespace {

TEST(MachineTest, FindsWhoHasADeviceOpen) {
    FakeMachine fake;
    fake.write("/proc/812/comm", "motion\n");
    fake.link("/proc/812/fd/3", "/dev/video0");
    fake.write("/proc/99/comm", "pi-edge-camera\n");
    fake.link("/proc/99/fd/7", "/dev/video0");
    fake.write("/proc/5/comm", "bash\n");
    fake.link("/proc/5/fd/0", "/dev/null");
    fake.write("/proc/self/comm", "nobody\n");

    EXPECT_EQ(fake.machine().usersOf({"/dev/video0"}, {"pi-edge-camera"}),
              std::vector<std::string>{"motion (pid 812)"});
}

TEST(MachineTest, ReadsTheFirmwaresSettingsWithoutComments) {
    FakeMachine fake;
    EXPECT_FALSE(fake.machine().firmwareConfig());
    EXPECT_FALSE(fake.machine().hasFirmwareSetting("dtoverlay=w1-gpio"));
    fake.write("/boot/config.txt", "#dtoverlay=w1-gpio\n  camera_auto_detect=1\n");
    EXPECT_EQ(fake.machine().firmwareConfig(), "/boot/config.txt");
    EXPECT_FALSE(fake.machine().hasFirmwareSetting("dtoverlay=w1-gpio"));
    EXPECT_TRUE(fake.machine().hasFirmwareSetting("camera_auto_detect=1"));
    fake.write("/boot/firmware/config.txt", "dtoverlay=w1-gpio,gpiopin=4\n");
    EXPECT_TRUE(fake.machine().hasFirmwareSetting("dtoverlay=w1-gpio"));
}

}  // namespace
}  // namespace edge
