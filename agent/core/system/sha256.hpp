// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace edge {

/// SHA-256 (FIPS 180-4) as 64 lower-case hex digits. Thread: any.
[[nodiscard]] std::string sha256Hex(std::string_view bytes);

}  // namespace edge
