// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "config/load.hpp"
#include "config/schema/schema.hpp"

namespace edge {

inline Identity testIdentity() {
    Identity identity;
    identity.hostname = "pi";
    identity.deviceId = "pi-0a1b2c";
    return identity;
}

/// The configuration in `text`; a test failure if it has errors.
inline Config configOf(std::string_view text) {
    try {
        return parseConfig({{"agent.toml", std::string(text)}}, testIdentity());
    } catch (const ConfigError& error) {
        ADD_FAILURE() << error.what();
        return {};
    }
}

/// The error message for `text`; "" if it has no errors.
inline std::string errorsOf(std::string_view text) {
    try {
        (void)parseConfig({{"agent.toml", std::string(text)}}, testIdentity());
        return "";
    } catch (const ConfigError& error) {
        return error.what();
    }
}

/// A key with the name of its table.
struct TableKey : Key {
    std::string table;  ///< "gpio.output"
    [[nodiscard]] std::string path() const { return table + '.' + name; }
};

/// Every key there is, in the order of the reference.
inline std::vector<TableKey> allKeys() {
    std::vector<TableKey> all;
    Config config;
    for (const Table& table : tables()) {
        for (Key& key : table.bind(config)) all.push_back({std::move(key), table.name});
    }
    return all;
}

inline bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace edge
