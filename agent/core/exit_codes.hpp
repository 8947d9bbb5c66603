// SPDX-License-Identifier: MIT
#pragma once

namespace edge {

/// The exit codes of both programs, beside 0.
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitWarnings = 3;  ///< of the doctor
inline constexpr int kExitConfig = 78;   ///< EX_CONFIG of sysexits.h; systemd does not restart on it

}  // namespace edge
