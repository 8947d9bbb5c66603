// SPDX-License-Identifier: MIT
#include "config/schema/diagnostics.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "config/load.hpp"
#include "core/text.hpp"

namespace edge {

void Diagnostics::add(const std::string& path, const std::string& text) {
    addAt(lineOf(config_, path), path, text);
}

void Diagnostics::addAt(int line, const std::string& path, const std::string& text) {
    constexpr std::size_t kMaxKeyBytes = 100;
    paths_.insert(path);
    errors_.push_back(
        {line, path.empty() ? text : fmt::format("{}: {}", printable(withoutIndex(path), kMaxKeyBytes), text)});
}

std::string Diagnostics::text() const {
    constexpr std::size_t kMaxShown = 100;
    auto sorted = errors_;
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
    std::string out;
    for (std::size_t i = 0; i < std::min(sorted.size(), kMaxShown); ++i)
        out += fmt::format("{}{}:{}: {}", i > 0 ? "\n" : "", config_.file, sorted[i].line, sorted[i].text);
    if (sorted.size() > kMaxShown) {
        out += fmt::format("\n{}:{}: and {} more errors from here on", config_.file, sorted[kMaxShown].line,
                           sorted.size() - kMaxShown);
    }
    return out;
}

void Diagnostics::throwIfAny() const {
    if (!errors_.empty()) throw ConfigError(text());
}

int lineOf(const Config& config, const std::string& path) {
    const auto found = config.lines.find(path);
    if (found != config.lines.end()) return found->second;
    const auto dot = path.rfind('.');
    return dot == std::string::npos ? 1 : lineOf(config, path.substr(0, dot));
}

std::string withoutIndex(std::string_view path) {
    const auto open = path.find('[');
    const auto close = path.find(']', open);
    std::string shown(path.substr(0, open));
    if (close != std::string_view::npos) shown += path.substr(close + 1);
    return shown;
}

}  // namespace edge
