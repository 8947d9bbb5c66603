// SPDX-License-Identifier: MIT
#include "doctor/machine.hpp"

#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <string>

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

TEST(MachineTest, RunsProgramsAndSaysWhenTheyFail) {
    EXPECT_EQ(outputOf({"echo", "two", "words"}), "two words\n");
    EXPECT_FALSE(outputOf({"false"}));
    EXPECT_FALSE(outputOf({"/no/such/program"}));
}

TEST(MachineTest, EndsAProgramThatDoesNotReturn) {
    EXPECT_FALSE(outputOf({"sleep", "1000"}, milliseconds{10}));
}

TEST(MachineTest, ProgramsInheritNoBlockedOrIgnoredSignals) {
    sigset_t set;
    sigset_t before;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    const auto handler = ::signal(SIGPIPE, SIG_IGN);
    const auto status = outputOf({"cat", "/proc/self/status"});
    ::signal(SIGPIPE, handler);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ASSERT_TRUE(status);
    const auto maskOf = [&](const std::string& name) {
        return std::stoull(status->substr(status->find(name) + name.size()), nullptr, 16);
    };
    EXPECT_EQ(maskOf("SigBlk:") & (1ULL << (SIGTERM - 1)), 0U) << *status;
    EXPECT_EQ(maskOf("SigIgn:") & (1ULL << (SIGPIPE - 1)), 0U) << *status;
}

}  // namespace
}  // namespace edge
