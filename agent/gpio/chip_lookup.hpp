// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace edge {

/// A GPIO chip under /dev.
struct GpioChip {
    std::string path;              ///< "/dev/gpiochip0"
    std::string name;              ///< "gpiochip0"
    std::string label;             ///< "pinctrl-bcm2711"; "" where it cannot be opened
    unsigned lines = 0;            ///< how many it has
    std::optional<Error> problem;  ///< why it cannot be opened
};

/// The chip that a configuration means: by label, else by name; "" is the chip behind the Pi's 40-pin header, by the
/// labels that the Pi models give it, else the only chip there is. Numbers are not reliable (the Pi 5 moved them), so
/// labels win. Errors: kNotFound (with the list of what is there), kInvalid (two chips with this label), kPermission.
Result<GpioChip> pickChip(const std::vector<GpioChip>& chips, std::string_view wanted);

}  // namespace edge
