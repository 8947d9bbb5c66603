// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace edge {

/// The Damerau-Levenshtein distance: how many letters are inserted, deleted, replaced or swapped with their neighbour.
[[nodiscard]] std::size_t editDistance(std::string_view a, std::string_view b);

/// For "did you mean": the candidate nearest to `typed` (a few letters away, another case, or a synonym); "" if none is
/// near.
[[nodiscard]] std::string nearest(std::string_view typed, const std::vector<std::string>& candidates);

}  // namespace edge
