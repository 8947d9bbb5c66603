// SPDX-License-Identifier: MIT
#include "config/schema/value.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "core/text.hpp"

namespace edge {
namespace {

constexpr std::size_t kMaxShownBytes = 60;

struct Describer {
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
    std::string operator()(double value) const {
        // "1 is not allowed" would be no help where 1 is allowed, and 1.0 is not.
        const std::string text = fmt::format("{}", value);
        return text.find_first_not_of("-0123456789") == std::string::npos ? text + ".0" : text;
    }
    std::string operator()(const std::string& value) const { return '"' + printable(value, kMaxShownBytes) + '"'; }
    std::string operator()(const List&) const { return "a list"; }
    std::string operator()(const Table&) const { return "a table"; }
    std::string operator()(const Date&) const { return "a date or time"; }
};

}  // namespace

const Entry* Table::find(std::string_view key) const {
    const auto found =
        std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.key == key; });
    return found == entries.end() ? nullptr : &*found;
}

std::string describe(const Value& value) {
    return std::visit(Describer{}, value.data);
}

std::string inQuotes(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

}  // namespace edge
