// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace edge {

/// Letters inserted, left out, changed or swapped with their neighbour, each counting one (Damerau and Levenshtein).
[[nodiscard]] std::size_t editDistance(std::string_view a, std::string_view b);

/// The candidate that `typed` was probably meant to be (a letter or two away, another case, or what other programs call
/// it); "" where none is near.
[[nodiscard]] std::string nearest(std::string_view typed, const std::vector<std::string>& candidates);

}  // namespace edge
