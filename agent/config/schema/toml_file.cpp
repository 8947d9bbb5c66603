// SPDX-License-Identifier: MIT
#include <algorithm>
#include <string>
#include <utility>

#include <fmt/core.h>
#include <toml++/toml.h>

#include "config/schema/schema.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

std::string_view firstLine(std::string_view text) {
    return text.substr(0, text.find('\n'));
}

/// `text` without its first line.
std::string_view afterLine(std::string_view text) {
    return text.substr(std::min(text.find('\n'), text.size() - 1) + 1);
}

constexpr auto kMaxDots = 300;

/// The first line with more than kMaxDots, 0 = none: no key needs as many. toml++ limits the nesting of brackets to
/// 256, but destroys the tables of a dotted key by recursion, and ten thousand of them overflow the stack.
int findDeepKey(std::string_view text) {
    for (int line = 1; !text.empty(); ++line, text = afterLine(text)) {
        const std::string_view current = trim(firstLine(text));
        if (!current.starts_with('#') && std::ranges::count(current, '.') > kMaxDots) return line;
    }
    return 0;
}

std::string_view lineAt(std::string_view text, int line) {
    for (; line > 1 && !text.empty(); --line) text = afterLine(text);
    return firstLine(text);
}

/// "mqtt" of the line "[mqtt]", complete or not; "" if the line is no header.
std::string_view headerName(std::string_view line) {
    line = trim(line);
    if (!line.starts_with('[')) return "";
    line.remove_prefix(std::min(line.find_first_not_of("[ \t"), line.size()));
    return trim(line.substr(0, line.find_first_of("]#=")));
}

/// The key or table on line `line`, as far as that can be told without parsing: "mqtt.qos", "mqtt" or "".
std::string keyAt(std::string_view text, int line) {
    std::string_view table;
    for (; line > 1 && !text.empty(); --line, text = afterLine(text)) {
        if (const auto header = headerName(firstLine(text)); !header.empty()) table = header;
    }
    const std::string_view current = firstLine(text);
    if (const auto header = headerName(current); !header.empty()) return std::string(header);
    const auto equals = current.find('=');
    if (equals == std::string_view::npos) return "";
    const std::string_view key = trim(current.substr(0, equals));
    return table.empty() ? std::string(key) : fmt::format("{}.{}", table, key);
}

/// Whether `text` begins as UTF-16 and UTF-32 do, with a byte order mark or with a NUL.
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

/// The parser's description, unless it would repeat a value, which might be a secret.
std::string explain(std::string_view description, std::string_view line) {
    if (!isValidUtf8(line)) return "not UTF-8 text; save the file as UTF-8";
    if (hasCurlyQuote(line)) return "not valid TOML: the line has curly quotes; write straight ones (\")";
    const auto has = [&](std::string_view words) { return description.find(words) != std::string_view::npos; };
    if (has("cannot redefine existing")) return "is a duplicate; remove one of the two";
    if (has("not representable") || has("could not be interpreted")) return "number out of range";
    if (has("nested value depth")) return "nested too deeply";
    constexpr std::string_view kPrefix = "Error while parsing ";
    if (description.starts_with(kPrefix)) description.remove_prefix(kPrefix.size());
    return fmt::format("not valid TOML ({}); texts need quotes, table names brackets", printable(description));
}

/// The block of `blocks` before `end` with the name of `block`; nullptr if there is none.
toml::table* findBlock(toml::array& blocks, std::size_t end, const toml::table& block) {
    const toml::node* name = block.get("name");
    if (name == nullptr || !name->is_string()) return nullptr;
    for (std::size_t i = 0; i < end; ++i) {
        toml::table& candidate = *blocks[i].as_table();
        const toml::node* other = candidate.get("name");
        if (other != nullptr && other->is_string() && *other->as_string() == *name->as_string()) return &candidate;
    }
    return nullptr;
}

void mergeBlocks(toml::array& base, toml::array&& later) {
    // Two of one name in one file stay two, which is an error.
    const std::size_t end = base.size();
    for (toml::node& node : later) {
        toml::table& block = *node.as_table();
        if (toml::table* known = findBlock(base, end, block)) {
            mergeToml(*known, std::move(block));
        } else {
            base.push_back(std::move(block));
        }
    }
}

}  // namespace

void mergeToml(toml::table& base, toml::table&& later) {
    for (auto&& [key, node] : later) {
        toml::node* known = base.get(key);
        if (known != nullptr && known->is_table() && node.is_table()) {
            mergeToml(*known->as_table(), std::move(*node.as_table()));
        } else if (known != nullptr && known->is_array_of_tables() && node.is_array_of_tables()) {
            mergeBlocks(*known->as_array(), std::move(*node.as_array()));
        } else {
            // The key is replaced, too: it knows its file and line.
            base.erase(key);
            base.insert(key, std::move(node));
        }
    }
}

toml::table parseToml(std::string_view text, const std::string& file, Diagnostics& diagnostics) {
    // toml++ skips it, but the messages below look at the text.
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    if (isWideText(text)) {
        diagnostics.addAt({file}, "",
                          "is UTF-16 or UTF-32 text, as some Windows programs write it; save the file as UTF-8");
    } else if (const int deepLine = findDeepKey(text); deepLine > 0) {
        diagnostics.addAt(
            {file, deepLine}, "",
            fmt::format("more than {} dots in one line; a list may be written on several lines", kMaxDots));
    } else {
        try {
            return toml::parse(text, file);
        } catch (const toml::parse_error& error) {
            const int line = std::max(1, static_cast<int>(error.source().begin.line));
            diagnostics.addAt({file, line}, keyAt(text, line), explain(error.description(), lineAt(text, line)));
        }
    }
    return {};
}

}  // namespace edge
