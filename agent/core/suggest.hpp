// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace edge {

/// For "did you mean": the candidate nearest to `typed` (a few letters away, another case, or a synonym); "" if none is
/// near.
[[nodiscard]] std::string nearest(std::string_view typed, const std::vector<std::string>& candidates);

}  // namespace edge
