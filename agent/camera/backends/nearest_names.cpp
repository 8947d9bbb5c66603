// SPDX-License-Identifier: MIT
#include "camera/backends/nearest_names.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "core/suggest.hpp"
#include "core/text.hpp"

namespace edge {
std::string nearestNames(const std::string& name, std::vector<std::string> known) {
    if (known.empty()) return "it has none at all";
    const std::string wanted = toLower(name);
    std::sort(known.begin(), known.end(), [&](const std::string& a, const std::string& b) {
        return std::pair(editDistance(wanted, toLower(a)), a) < std::pair(editDistance(wanted, toLower(b)), b);
    });
    constexpr std::size_t kShown = 3;
    std::string shown = known.front();
    for (std::size_t i = 1; i < std::min(known.size(), kShown); ++i) shown += ", " + known[i];
    return fmt::format("the nearest are {}", shown);
}

}  // namespace edge
