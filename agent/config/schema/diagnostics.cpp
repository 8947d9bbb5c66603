// SPDX-License-Identifier: MIT
#include "config/schema/diagnostics.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "config/load.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

/// Nothing for a value that is in no file.
std::string prefixOf(const Location& location) {
    return location.file.empty() ? "" : toString(location) + ": ";
}

}  // namespace

void Diagnostics::add(const std::string& path, const std::string& text) {
    addAt(locationOf(config_, path), path, text);
}

void Diagnostics::addAt(const Location& location, const std::string& path, const std::string& text) {
    constexpr std::size_t kMaxKeyBytes = 100;
    paths_.insert(path);
    errors_.push_back(
        {location, path.empty() ? text : fmt::format("{}: {}", printable(withoutIndex(path), kMaxKeyBytes), text)});
}

std::string Diagnostics::text() const {
    constexpr std::size_t kMaxShown = 100;
    const auto place = [&files = config_.files](const Diagnostic& error) {
        return std::pair(std::ranges::find(files, error.location.file), error.location.line);
    };
    auto sorted = errors_;
    std::ranges::stable_sort(sorted, [&place](const auto& a, const auto& b) { return place(a) < place(b); });
    std::string out;
    for (std::size_t i = 0; i < std::min(sorted.size(), kMaxShown); ++i)
        out += fmt::format("{}{}{}", i > 0 ? "\n" : "", prefixOf(sorted[i].location), sorted[i].text);
    if (sorted.size() > kMaxShown) {
        out += fmt::format("\n{}: and {} more errors from here on", toString(sorted[kMaxShown].location),
                           sorted.size() - kMaxShown);
    }
    return out;
}

void Diagnostics::throwIfAny() const {
    if (!errors_.empty()) throw ConfigError(text());
}

Location locationOf(const Config& config, const std::string& path) {
    const auto found = config.locations.find(path);
    if (found != config.locations.end()) return found->second;
    const auto dot = path.rfind('.');
    return dot == std::string::npos ? Location{config.file} : locationOf(config, path.substr(0, dot));
}

std::string toString(const Location& location) {
    return location.file.empty() ? "set over MQTT" : fmt::format("{}:{}", location.file, location.line);
}

std::string withoutIndex(std::string_view path) {
    const auto open = path.find('[');
    const auto close = path.find(']', open);
    std::string shown(path.substr(0, open));
    if (close != std::string_view::npos) shown += path.substr(close + 1);
    return shown;
}

}  // namespace edge
