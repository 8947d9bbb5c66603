// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "config/schema/mistakes.hpp"
#include "config/schema/value.hpp"

namespace edge {

/// Parses TOML 1.0. What is not TOML becomes one mistake (a parser cannot go on after the first) and an empty table.
Table readToml(std::string_view text, Mistakes& mistakes);

}  // namespace edge
