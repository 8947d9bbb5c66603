// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/config.hpp"

namespace edge {

/// libcamera controls as one JSON object: each true or false, a number or a list of 1 to 256 numbers, by a name of at
/// most 64 bytes. Texts are left out: no control of a camera takes one.
[[nodiscard]] std::string formatControls(const Controls& controls);
/// nullopt: it is anything else.
[[nodiscard]] std::optional<Controls> parseControls(std::string_view json);

}  // namespace edge
