// SPDX-License-Identifier: MIT
// Any content of agent.toml.
#include <cstdint>
#include <string>
#include <string_view>

#include "config/load.hpp"
#include "fuzz/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const edge::Identity identity{"host", "host-0123ab", "a board", "an OS", std::string(32, '0')};
    try {
        const edge::Config config =
            edge::parseConfig({{"agent.toml", {reinterpret_cast<const char*>(data), size}}}, identity);
        edge::require(!config.device.id.empty() && !config.mqtt.servers.empty(),
                      "an accepted configuration is complete");
    } catch (const edge::ConfigError& error) {
        edge::require(std::string_view(error.what()).starts_with("agent.toml"), "an error names the file");
    }
    return 0;
}
