// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace edge {

/// Who this machine is. Read once at start.
struct Identity {
    std::string hostname;
    std::string deviceId;  ///< "<hostname>-<6 hex digits>", only letters, digits, '_' and '-'
    std::string model;     ///< "Raspberry Pi 4 Model B Rev 1.4", or what DMI says, or "unknown"
    std::string os;        ///< PRETTY_NAME of os-release
    std::string bootId;    ///< 32 hex digits, new at every boot
};

/// The hex digits come from a hash, specific to this application, of the board's serial number (device tree), else of
/// the machine id: cards that were cloned share a machine id, boards never share a serial number. `root` is "" outside
/// tests.
Identity readIdentity(const std::string& root = "");

}  // namespace edge
