// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace edge {

/// For a person who misspelt `name`: "the nearest are Brightness, Sharpness", or "it has none at all".
[[nodiscard]] std::string nearestNames(const std::string& name, std::vector<std::string> known);

}  // namespace edge
