// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/schema/types.hpp"

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

}  // namespace edge
