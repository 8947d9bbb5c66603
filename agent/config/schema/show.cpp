// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <sstream>
#include <string_view>

#include <fmt/core.h>
#include <toml++/toml.h>

#include "config/schema/schema.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

std::string tomlOf(const toml::node& value) {
    std::ostringstream out;
    out << toml::toml_formatter(value, toml::format_flags::allow_unicode_strings);
    return out.str();
}

std::string showLine(std::string_view name, std::string_view value, std::string_view comment) {
    return fmt::format("{:<40} # {}\n", fmt::format("{} = {}", name, value), comment);
}

bool mayBePassword(const Key& key, const toml::node& value) {
    return key.isSecret && !value.value_or(std::string()).starts_with('/');
}

/// `table` is the one of `name` in the files; nullptr = they do not have it. With `hasOthers` also its keys that are
/// not in `keys`.
std::string showKeys(const std::string& name, const Keys& keys, const toml::table* table, bool hasOthers = false) {
    std::string lines;
    std::string below;  // tables come after keys
    const auto show = [&](const std::string& key, const toml::node& value, bool isHidden) {
        const toml::table* values = value.as_table();
        if (values == nullptr) {
            lines += showLine(key, isHidden ? "\"***\"" : tomlOf(value), toString(locationOf(value)));
            return;
        }
        below += fmt::format("\n[{}.{}]\n", name, key);
        for (const auto& [element, node] : *values) {
            const std::string_view elementName = element.str();
            below += showLine(isWord(elementName, "_-") ? std::string(elementName) : inQuotes(elementName),
                              tomlOf(node), toString(locationOf(element)));
        }
    };
    for (const Key& key : keys) {
        const toml::node* value = table == nullptr ? nullptr : table->get(key.name);
        if (value == nullptr) {
            lines += showLine(key.name, key.defaultValue, "default");
        } else {
            show(key.name, *value, mayBePassword(key, *value));
        }
    }
    if (table == nullptr || !hasOthers) return lines + below;
    for (const auto& [other, value] : *table) {
        const auto isOther = [&other = other](const Key& key) { return key.name == other.str(); };
        if (std::ranges::none_of(keys, isOther)) show(std::string(other.str()), value, false);
    }
    return lines + below;
}

/// The limits of a sensor that sets none are those of its quantity; no number stands for "unbounded".
void useLimitsOfQuantity(Keys& keys, const toml::table& block) {
    const std::string quantity = block["quantity"].value_or(std::string(infoOf(Quantity::kTemperature).name));
    const auto info = std::ranges::find(kQuantities, quantity, &QuantityInfo::name);
    if (info == kQuantities.end()) return;
    if (std::isinf(info->max)) {
        std::erase_if(keys, [&](const Key& key) {
            return (key.name == "min" || key.name == "max") && !block.contains(key.name);
        });
    }
    for (Key& key : keys) {
        if (key.name == "min") key.defaultValue = fmt::format("{:.1f}", info->min);
        if (key.name == "max") key.defaultValue = fmt::format("{:.1f}", info->max);
    }
}

}  // namespace

std::string showTables(const toml::table& root, Config defaults) {
    std::string out;
    for (const Table& table : tables()) {
        const auto node = root.at_path(table.name);
        if (!table.isRepeated) {
            out += fmt::format("\n[{}]\n{}", table.name, showKeys(table.name, table.bind(defaults), node.as_table()));
        } else if (const toml::array* blocks = node.as_array()) {
            for (const toml::node& block : *blocks) {
                Keys keys = table.bind(defaults);
                if (table.name == "sensor") useLimitsOfQuantity(keys, *block.as_table());
                // A schedule has one of the two, and no default.
                if (table.name == "schedule" && block.as_table()->contains("at"))
                    std::erase_if(keys, [](const Key& key) { return key.name == "every"; });
                out += fmt::format("\n[[{}]]\n{}", table.name,
                                   showKeys(table.name, keys, block.as_table(), table.others != nullptr));
            }
        }
    }
    return out;
}

}  // namespace edge
