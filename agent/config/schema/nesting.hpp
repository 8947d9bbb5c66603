// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace edge {

/// The first line of TOML text whose brackets and dotted keys reach deeper than `limit`, 0 where none does. A parser
/// that follows such text by recursion runs out of stack.
int tooDeepLine(std::string_view text, int limit);

}  // namespace edge
