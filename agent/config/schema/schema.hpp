// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/schema/diagnostics.hpp"
#include "config/schema/types.hpp"
#include "config/settings.hpp"

/// What load.cpp makes a configuration of text with.

namespace edge {

/// Of a repeated table.
inline constexpr std::size_t kMaxBlocks = 64;

/// A table of the file: `[name]`, or up to kMaxBlocks of `[[name]]`.
struct Table {
    std::string name;
    bool isRepeated = false;
    /// Its keys, bound to `config`; those of a repeated table to a new block at the end of its list, with defaults.
    Keys (*bind)(Config& config) = nullptr;
    /// Of the last block: where keys go that it does not have, with their values as JSON; nullptr = they are errors.
    std::map<std::string, std::string>& (*others)(Config& config) = nullptr;
};

/// Every table and key of the file, in the order of the reference: the only place that knows names, ranges and
/// defaults.
const std::vector<Table>& tables();

// ---- toml_file.cpp

/// Parses TOML 1.0; its nodes know `file` and their line. A syntax error is one diagnostic (the parser cannot go on
/// after the first) and an empty table.
toml::table parseToml(std::string_view text, const std::string& file, Diagnostics& diagnostics);

/// Adds a later file to `base`: tables are merged, so are blocks (`[[sensor]]`) that have the same `name`; other blocks
/// are appended; every other value replaces the one before.
void mergeToml(toml::table& base, toml::table&& later);

// ---- setting_values.cpp

/// Every settable key of a file that was read, and its value as JSON.
Settings settingValues(toml::table& root);

/// Puts `settings` in place of what the files say. A key that may not be set is one diagnostic, with what to do.
void applySettings(toml::table& root, const Settings& settings, Diagnostics& diagnostics);

// ---- checks.cpp

/// Checks what involves several keys: limits in the wrong order, incomplete pairs, duplicate names, GPIO lines and
/// topics, topics that are too long once `{id}` is replaced. Skips keys that have an error already.
void validate(const Config& config, Diagnostics& diagnostics);

// ---- show.cpp

/// Every table and key as TOML: the value in `root`, with its file and line as a comment, else the default in
/// `defaults`. Masks what could be a password.
std::string showTables(const toml::table& root, Config defaults);

}  // namespace edge
