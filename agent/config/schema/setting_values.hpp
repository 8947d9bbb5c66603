// SPDX-License-Identifier: MIT
#pragma once

#include "config/schema/diagnostics.hpp"
#include "config/settings.hpp"

namespace toml {
inline namespace v3 {
class table;
}
}  // namespace toml

namespace edge {

/// Every settable key of a file that was read, and its value as JSON.
Settings settingValues(toml::table& root);

/// Puts `settings` in place of what the files say. A key that may not be set is one diagnostic, with what to do.
void applySettings(toml::table& root, const Settings& settings, Diagnostics& diagnostics);

}  // namespace edge
