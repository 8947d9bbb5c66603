// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace edge {

enum class KeyKind { kFlag, kInteger, kReal, kText, kDuration, kSize, kChoice, kServers, kLine, kControls, kAreas };

/// What a person may write for one key. The documentation and the shipped file are tested against these.
struct KeyFacts {
    std::string table;  ///< "mqtt.tls", "gpio.output"
    std::string key;    ///< "ca_file"
    KeyKind kind = KeyKind::kText;
    std::string defaultValue;  ///< as TOML
    std::string allowed;       ///< "a whole number from 1 to 100"
    std::string min;           ///< as TOML; "" where there is no range
    std::string max;
    std::vector<std::string> choices;  ///< as TOML

    [[nodiscard]] std::string path() const { return table + "." + key; }
};

/// Every key there is, by table, in the order of the reference.
std::vector<KeyFacts> allKeys();

}  // namespace edge
