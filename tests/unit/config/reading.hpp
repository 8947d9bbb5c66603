// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "config/load.hpp"

namespace edge {

inline Identity testIdentity() {
    Identity identity;
    identity.hostname = "pi";
    identity.deviceId = "pi-0a1b2c";
    return identity;
}

/// The configuration that `text` is; a test failure where it is none.
inline Config configOf(std::string_view text) {
    try {
        return parseConfig(text, "agent.toml", testIdentity());
    } catch (const ConfigError& error) {
        ADD_FAILURE() << error.what();
        return {};
    }
}

/// What a person is told about `text`; "" where nothing is wrong.
inline std::string mistakesOf(std::string_view text) {
    try {
        (void)parseConfig(text, "agent.toml", testIdentity());
        return "";
    } catch (const ConfigError& error) {
        return error.what();
    }
}

inline bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace edge
