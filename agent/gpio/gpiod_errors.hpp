// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <string_view>
#include <type_traits>

#include "core/result.hpp"

namespace edge {

/// What libgpiod threw, as our Error: `what` says what was being done ("open /dev/gpiochip0").
Error toGpioError(std::string_view what, const std::exception& thrown);

/// Runs `body`, which may throw, and makes a Result of it.
template <typename Body>
Result<std::invoke_result_t<Body>> guarded(std::string_view what, Body body) {
    try {
        if constexpr (std::is_void_v<std::invoke_result_t<Body>>) {
            body();
            return {};
        } else {
            return body();
        }
    } catch (const std::exception& thrown) {
        return tl::unexpected<Error>(toGpioError(what, thrown));
    }
}

}  // namespace edge
