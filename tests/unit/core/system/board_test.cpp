// SPDX-License-Identifier: MIT
#include "core/system/board.hpp"

#include <gtest/gtest.h>

#include "fakes/temp_dir.hpp"

namespace edge {
namespace {

class BoardTest : public ::testing::Test {
  protected:
    BoardHealth read() const { return readBoard("/var/lib/journal.db", root.path().string()); }
    TempDir root;
};

TEST_F(BoardTest, LeavesOutWhatTheMachineDoesNotHave) {
    const BoardHealth board = read();
    EXPECT_FALSE(board.cpuCelsius || board.load || board.memoryAvailableKib || board.undervoltage || board.throttled ||
                 board.wifi);
    EXPECT_TRUE(board.diskFreeKib) << "of the nearest folder that is there";
}

TEST_F(BoardTest, ReadsWhatAPiHas) {
    root.write("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n");
    root.write("sys/class/thermal/thermal_zone0/temp", "48312\n");
    root.write("proc/loadavg", "0.42 0.30 0.20 1/123 4567\n");
    root.write("proc/meminfo", "MemTotal:  448000 kB\nMemFree: 1 kB\nMemAvailable:   312000 kB\n");
    root.write("proc/net/wireless",
               "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n"
               " face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n"
               " wlan1: 0000    0.  -256.  -256        0      0      0      0      0        0\n"
               " wlan0: 0000   49.  -61.  -256        0      0      0      0      0        0\n");
    root.write("sys/devices/platform/soc/soc:firmware/get_throttled", "50005\n");

    const BoardHealth board = read();
    EXPECT_DOUBLE_EQ(board.cpuCelsius.value_or(0), 48.312);
    EXPECT_DOUBLE_EQ(board.load.value_or(0), 0.42);
    EXPECT_EQ(board.memoryAvailableKib, 312000U);
    EXPECT_EQ(board.wifi, (BoardHealth::Wifi{"wlan0", -61}));
    EXPECT_EQ(board.undervoltage, (BoardHealth::Flag{true, true}));
    EXPECT_EQ(board.throttled, (BoardHealth::Flag{true, true}));
}

TEST_F(BoardTest, AThermalZoneOfSomethingElseIsNotTheProcessor) {
    root.write("sys/class/thermal/thermal_zone0/type", "acpitz\n");
    root.write("sys/class/thermal/thermal_zone0/temp", "30000\n");
    EXPECT_FALSE(read().cpuCelsius);
}

TEST_F(BoardTest, ThrottledIsTheFirmwaresBitOfThatName) {
    // A Pi 5 has its firmware elsewhere; 0x20002: the clock was capped.
    root.write("sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled", "0x20002\n");
    EXPECT_EQ(throttledBits(root.path().string()), 0x20002U);
    EXPECT_EQ(read().throttled, BoardHealth::Flag{});
}

}  // namespace
}  // namespace edge
