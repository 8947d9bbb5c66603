// SPDX-License-Identifier: MIT
#include "config/schema/mistakes.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "core/text.hpp"

namespace edge {
namespace {

constexpr std::size_t kMaxShown = 100;
constexpr std::size_t kMaxKeyBytes = 100;

}  // namespace

std::string shownKey(std::string_view path) {
    std::string shown;
    bool isIndex = false;
    for (const char c : path) {
        if (c == '[') isIndex = true;
        if (!isIndex) shown += c;
        if (c == ']') isIndex = false;
    }
    return shown;
}

void Mistakes::add(int line, const std::string& key, std::string text) {
    keys_.insert(key);
    if (!key.empty()) text = fmt::format("{}: {}", printable(shownKey(key), kMaxKeyBytes), text);
    all_.push_back({line, std::move(text)});
}

std::string Mistakes::text() const {
    std::vector<const Mistake*> sorted;
    sorted.reserve(all_.size());
    for (const Mistake& mistake : all_) sorted.push_back(&mistake);
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->line < b->line; });

    std::string out;
    for (std::size_t i = 0; i < std::min(sorted.size(), kMaxShown); ++i) {
        if (i > 0) out += '\n';
        out += fmt::format("{}:{}: {}", file_, sorted[i]->line, sorted[i]->text);
    }
    if (sorted.size() > kMaxShown) {
        out += fmt::format("\n{}:{}: and {} more mistakes from here on", file_, sorted[kMaxShown]->line,
                           sorted.size() - kMaxShown);
    }
    return out;
}

}  // namespace edge
