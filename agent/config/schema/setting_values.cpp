// SPDX-License-Identifier: MIT
#include <algorithm>
#include <functional>

#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <toml++/toml.h>

#include "config/schema/schema.hpp"
#include "core/suggest.hpp"

namespace edge {
namespace {

using Json = nlohmann::json;

/// A table of a file, or what would be one.
struct Place {
    const Table& table;
    std::string name;               ///< "camera.motion", or "schedule.night" for the block of that name
    toml::table* values = nullptr;  ///< nullptr: the files do not have it
};

std::vector<Place> placesOf(toml::table& root) {
    std::vector<Place> places;
    for (const Table& table : tables()) {
        const auto node = root.at_path(table.name);
        if (!table.isRepeated) {
            places.push_back({table, table.name, node.as_table()});
        } else if (toml::array* blocks = node.as_array()) {
            // More are refused, and a file of a megabyte may have many.
            for (std::size_t i = 0; i < std::min(blocks->size(), kMaxBlocks); ++i) {
                toml::table* values = (*blocks)[i].as_table();
                const std::string name = values == nullptr ? "" : (*values)["name"].value_or(std::string());
                if (!name.empty()) places.push_back({table, fmt::format("{}.{}", table.name, name), values});
            }
        }
    }
    return places;
}

/// Calls `visit` for every key of every table.
void eachKey(toml::table& root, const std::function<void(const Place&, const Key&, const std::string&)>& visit) {
    for (const Place& place : placesOf(root)) {
        Config scratch;
        for (const Key& key : place.table.bind(scratch)) visit(place, key, fmt::format("{}.{}", place.name, key.name));
    }
}

/// A value of JSON as TOML writes it; null, which TOML does not have, as an empty table.
std::string tomlOf(const Json& value) {
    if (value.is_null()) return "{}";
    if (!value.is_structured()) return value.dump();
    std::string members;
    for (const auto& [key, member] : value.items()) {
        if (!members.empty()) members += ", ";
        members += (value.is_object() ? Json(key).dump() + " = " : "") + tomlOf(member);
    }
    return value.is_object() ? '{' + members + '}' : '[' + members + ']';
}

/// A table with `value` under `name`; where TOML cannot say it (a number that does not fit), with a list, which no
/// settable key takes.
toml::table tableOf(const std::string& name, const Json& value) {
    try {
        return toml::parse(fmt::format("{} = {}", name, tomlOf(value)));
    } catch (const toml::parse_error&) {
        return toml::table{{name, toml::array()}};
    }
}

/// The table of `name`, made where the files do not have it. Its parents are tables.
toml::table& tableAt(toml::table& root, std::string_view name) {
    const auto dot = name.find('.');
    toml::table& table = *root.insert(name.substr(0, dot), toml::table()).first->second.as_table();
    return dot == std::string_view::npos ? table : tableAt(table, name.substr(dot + 1));
}

/// Why `path` is none of the settable keys `known`.
std::string explain(toml::table& root, const std::string& path, const Settings& known) {
    std::vector<std::string> names;
    for (const auto& [name, value] : known) names.push_back(name);
    std::string where;
    eachKey(root, [&](const Place& place, const Key& key, const std::string& name) {
        if (name != path) return;
        const toml::node* value = place.values == nullptr ? nullptr : place.values->get(key.name);
        where = value == nullptr ? "the configuration file" : toString(locationOf(*value));
    });
    if (!where.empty()) return fmt::format("cannot be set over MQTT; change it in {}, then reload the agent", where);
    const std::string meant = nearest(path, names);
    return fmt::format("unknown setting{}",
                       meant.empty() ? "; allowed: " + listed(names) : ", did you mean " + meant + "?");
}

}  // namespace

Settings settingValues(toml::table& root) {
    Settings values;
    eachKey(root, [&values](const Place& place, const Key& key, const std::string& name) {
        if (!key.isSettable) return;
        if (const toml::node* value = place.values == nullptr ? nullptr : place.values->get(key.name))
            (void)key.read(*value);
        values[name] = key.json();
    });
    return values;
}

void applySettings(toml::table& root, const Settings& settings, Diagnostics& diagnostics) {
    const Settings known = settingValues(root);
    for (const auto& [path, text] : settings) {
        if (!known.contains(path)) {
            diagnostics.addAt({}, path, explain(root, path, known));
            continue;
        }
        const Json value = Json::parse(text, nullptr, /*allow_exceptions=*/false);
        if (value.is_null()) continue;
        const auto dot = path.rfind('.');
        const std::string name = path.substr(dot + 1);
        toml::table* table = nullptr;
        for (const Place& place : placesOf(root)) {
            if (place.table.isRepeated && fmt::format("{}.{}", place.name, name) == path) table = place.values;
        }
        if (table == nullptr) table = &tableAt(root, path.substr(0, dot));
        table->erase(name);  // tables would be merged
        mergeToml(*table, tableOf(name, value));
    }
}

}  // namespace edge
