// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "config/config.hpp"

namespace toml {
inline namespace v3 {
class table;
}
}  // namespace toml

namespace edge {

/// Every table and key as TOML: the value in `root`, with its file and line as a comment, else the default in
/// `defaults`. Masks what could be a password.
std::string showTables(const toml::table& root, Config defaults);

}  // namespace edge
