// SPDX-License-Identifier: MIT
#include "config/schema/toml_reader.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include <fmt/core.h>
#include <toml++/toml.h>

#include "config/schema/nesting.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

// toml++ bounds brackets but not dotted keys, which it takes apart by recursion.
constexpr int kMaxDepth = 64;

Value convert(const toml::node& node);

Table convertTable(const toml::table& table) {
    Table converted;
    for (const auto& [key, node] : table) {
        converted.entries.push_back({std::string(key.str()), static_cast<int>(key.source().begin.line), convert(node)});
    }
    return converted;
}

List convertList(const toml::array& array) {
    List converted;
    converted.reserve(array.size());
    for (const toml::node& node : array) converted.push_back(convert(node));
    return converted;
}

Value convert(const toml::node& node) {
    Value value;
    value.line = static_cast<int>(node.source().begin.line);
    if (const auto* flag = node.as_boolean()) {
        value.data = flag->get();
    } else if (const auto* integer = node.as_integer()) {
        value.data = integer->get();
    } else if (const auto* real = node.as_floating_point()) {
        value.data = real->get();
    } else if (const auto* text = node.as_string()) {
        value.data = text->get();
    } else if (const auto* array = node.as_array()) {
        value.data = convertList(*array);
    } else if (const auto* table = node.as_table()) {
        value.data = convertTable(*table);
    } else {
        value.data = Date{};
    }
    return value;
}

std::string_view firstLine(std::string_view text) {
    return text.substr(0, text.find('\n'));
}

/// "mqtt" of the line "[mqtt]", whole or not; nullopt where the line is no header.
std::optional<std::string> tableOf(std::string_view line) {
    line = trim(line);
    if (line.empty() || line.front() != '[') return std::nullopt;
    line.remove_prefix(std::min(line.find_first_not_of("[ \t"), line.size()));
    return std::string(trim(line.substr(0, line.find_first_of("]#="))));
}

/// The key or table that line `line` is about, as far as that can be told without parsing: "mqtt.qos", "mqtt" or "".
std::string keyAt(std::string_view text, int line) {
    std::string table;
    for (; line > 1 && !text.empty(); --line) {
        if (auto header = tableOf(firstLine(text))) table = *std::move(header);
        text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    }
    const std::string_view faulty = firstLine(text);
    if (auto header = tableOf(faulty)) return *std::move(header);
    const auto equals = faulty.find('=');
    if (equals == std::string_view::npos) return "";
    const std::string_view key = trim(faulty.substr(0, equals));
    return table.empty() ? std::string(key) : fmt::format("{}.{}", table, key);
}

/// Whether `text` has a NUL or a byte order mark where only UTF-16 and UTF-32 have one.
bool isWideText(std::string_view text) {
    return text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") ||
           text.substr(0, 4).find('\0') != std::string_view::npos;
}

bool hasCurlyQuote(std::string_view line) {
    for (const char* quote : {"\u2018", "\u2019", "\u201C", "\u201D", "\u201E", "\uFF02"}) {
        if (line.find(quote) != std::string_view::npos) return true;
    }
    return false;
}

std::string_view lineAt(std::string_view text, int line) {
    for (; line > 1 && !text.empty(); --line) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    return firstLine(text);
}

/// The parser's words, except where they would repeat a value: it might be a secret.
std::string explain(std::string_view description, std::string_view line) {
    if (!isValidUtf8(line)) return "not UTF-8 text; save the file as UTF-8";
    if (hasCurlyQuote(line)) return "not valid TOML: the line has curly quotes; write straight ones (\")";
    const auto says = [&](std::string_view words) { return description.find(words) != std::string_view::npos; };
    if (says("cannot redefine existing")) return "is given twice, remove one of the two";
    if (says("not representable") || says("could not be interpreted")) return "number out of range";
    constexpr std::string_view kPrefix = "Error while parsing ";
    if (description.substr(0, kPrefix.size()) == kPrefix) description.remove_prefix(kPrefix.size());
    return fmt::format("not valid TOML ({}); texts need quotes, table names brackets", printable(description));
}

}  // namespace

Table readToml(std::string_view text, Mistakes& mistakes) {
    if (isWideText(text)) {
        mistakes.add(1, "", "is UTF-16 or UTF-32 text, as Windows programs write it; save the file as UTF-8");
        return {};
    }
    if (const int line = tooDeepLine(text, kMaxDepth); line > 0) {
        mistakes.add(line, "", fmt::format("nested too deeply, allowed are {} levels", kMaxDepth));
        return {};
    }
    try {
        return convertTable(toml::parse(text));
    } catch (const toml::parse_error& error) {
        const int line = std::max(1, static_cast<int>(error.source().begin.line));
        mistakes.add(line, keyAt(text, line), explain(error.description(), lineAt(text, line)));
        return {};
    }
}

}  // namespace edge
