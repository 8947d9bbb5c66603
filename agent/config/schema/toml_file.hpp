// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "config/schema/diagnostics.hpp"

namespace toml {
inline namespace v3 {
class table;
}
}  // namespace toml

namespace edge {

/// Parses TOML 1.0; its nodes know `file` and their line. A syntax error is one diagnostic (the parser cannot go on
/// after the first) and an empty table.
toml::table parseToml(std::string_view text, const std::string& file, Diagnostics& diagnostics);

/// Adds a later file to `base`: tables are merged, so are blocks (`[[sensor]]`) that have the same `name`; other blocks
/// are appended; every other value replaces the one before.
void mergeToml(toml::table& base, toml::table&& later);

}  // namespace edge
