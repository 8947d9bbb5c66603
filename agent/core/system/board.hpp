// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace edge {

/// How the board is: from sysfs, procfs and netlink. What this machine does not have is nullopt or empty.
struct BoardHealth {
    struct Flag {
        bool isNow = false;
        bool wasSinceBoot = false;  ///< as far as it was seen: readBoard() knows of the last two seconds alone
        bool operator==(const Flag&) const = default;
    };
    struct Wifi {
        std::string interface;
        int signalDbm = 0;
        bool operator==(const Wifi&) const = default;
    };

    std::optional<double> cpuCelsius;
    std::optional<double> load;  ///< mean of the last minute: processes that run or wait for a processor or a disk
    std::optional<std::uint64_t> memoryAvailableKib;  ///< for programs, without swapping
    std::optional<std::uint64_t> diskFreeKib;         ///< for this user
    std::optional<Flag> undervoltage;                 ///< of a Raspberry Pi's supply
    std::optional<Flag> throttled;                    ///< its processor is slowed down, for heat or undervoltage
    std::optional<Wifi> wifi;                         ///< the first interface that is connected
    std::vector<std::string> addresses;               ///< IPv4 and IPv6, without loopback and link-local ones

    bool operator==(const BoardHealth&) const = default;
};

/// `disk` is a path on the file system that is meant. `root` is "" outside tests. Thread: a strand; asks a Pi's
/// firmware and may block.
BoardHealth readBoard(const std::string& disk, const std::string& root = "");

/// What a Pi's firmware says of supply and temperature, by bits (Raspberry Pi's documentation, "vcgencmd
/// get_throttled"): 0 undervoltage, 1 clock capped, 2 throttled, 3 at the temperature limit; each 16 higher: since the
/// kernel looked last, which clears it every two seconds. nullopt on another machine.
std::optional<unsigned> throttledBits(const std::string& root = "");

}  // namespace edge
