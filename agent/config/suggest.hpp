// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace edge {

/// The candidate that `typed` was probably meant to be (a letter or two away, or another case); "" where none is near.
std::string nearest(std::string_view typed, const std::vector<std::string>& candidates);

}  // namespace edge
