// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <string_view>

#include "core/result.hpp"

namespace edge {

/// What libgpiod threw, as our Error: `what` says what was being done ("open /dev/gpiochip0").
Error toGpioError(std::string_view what, const std::exception& thrown);

/// Runs `body`, which may throw, and makes a Result of it.
template <typename T, typename Body>
Result<T> guarded(std::string_view what, Body body) {
    try {
        return body();
    } catch (const std::exception& thrown) {
        return tl::unexpected<Error>(toGpioError(what, thrown));
    }
}

}  // namespace edge
