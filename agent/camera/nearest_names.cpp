// SPDX-License-Identifier: MIT
#include "camera/nearest_names.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/core.h>

#include "core/text.hpp"

namespace edge {
namespace {

/// Levenshtein's: how many letters must be put in, left out or replaced.
std::size_t distance(const std::string& a, const std::string& b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
        }
    }
    return row.back();
}

}  // namespace

std::string nearestNames(const std::string& name, std::vector<std::string> known) {
    if (known.empty()) return "it has none at all";
    const std::string wanted = toLower(name);
    std::sort(known.begin(), known.end(), [&](const std::string& a, const std::string& b) {
        return std::pair(distance(wanted, toLower(a)), a) < std::pair(distance(wanted, toLower(b)), b);
    });
    constexpr std::size_t kShown = 3;
    std::string shown = known.front();
    for (std::size_t i = 1; i < std::min(known.size(), kShown); ++i) shown += ", " + known[i];
    return fmt::format("the nearest are {}", shown);
}

}  // namespace edge
