// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "core/time/time.hpp"

namespace edge {

enum class GpioBias { kAsIs, kDisabled, kPullUp, kPullDown };
enum class OutputRole { kFree, kStatus };

/// A line by its offset on the chip, or by its name; exactly one is set.
struct GpioLine {
    int offset = -1;
    std::string name;

    bool operator==(const GpioLine&) const = default;
};

struct GpioOutputConfig {
    std::string name;
    std::string chip;
    GpioLine line;
    bool activeLow = false;
    bool initial = false;
    OutputRole role = OutputRole::kFree;

    bool operator==(const GpioOutputConfig&) const = default;
};

struct GpioInputConfig {
    std::string name;
    std::string chip;
    GpioLine line;
    GpioBias bias = GpioBias::kAsIs;
    bool activeLow = false;
    milliseconds debounce{20};
    std::string action;  ///< "" or the word of a command

    bool operator==(const GpioInputConfig&) const = default;
};

struct GpioConfig {
    std::vector<GpioOutputConfig> outputs;
    std::vector<GpioInputConfig> inputs;

    bool operator==(const GpioConfig&) const = default;
};

}  // namespace edge
