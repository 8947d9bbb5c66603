// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "config/schema/diagnostics.hpp"

namespace toml {
inline namespace v3 {
class table;
}
}  // namespace toml

namespace edge {

/// Parses TOML 1.0. A syntax error is one diagnostic (the parser cannot go on after the first) and an empty table.
toml::table parseToml(std::string_view text, Diagnostics& diagnostics);

}  // namespace edge
