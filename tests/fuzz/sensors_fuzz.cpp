// SPDX-License-Identifier: MIT
// What a driver, or a file that somebody else writes, may say.
#include <cmath>
#include <cstdint>
#include <string_view>

#include "fuzz/require.hpp"
#include "sensors/number.hpp"
#include "sensors/w1_scratchpad.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto reading = edge::parseW1Slave(text)) {
        edge::PowerOnFilter filter;
        const bool isFirstBelieved = filter.accept(*reading);
        edge::require(!isFirstBelieved || reading->milliCelsius != edge::PowerOnFilter::kPowerOnMilliCelsius,
                      "85 °C is not believed at first");
    } else {
        edge::require(!reading.error().message.empty(), "a refusal says why");
    }
    if (const auto number = edge::parseDecimalNumber(text)) edge::require(std::isfinite(*number), "a number is finite");
    if (const auto number = edge::findFirstNumber(text)) edge::require(std::isfinite(*number), "a number is finite");
    return 0;
}
