// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/result.hpp"
#include "gpio/chip_lookup.hpp"
#include "gpio/gpio.hpp"

/// What gpiod_port.cpp needs of libgpiod: implemented by gpiod_v1.cpp or gpiod_v2.cpp, whichever fits the library that
/// is there. All functions may throw what libgpiod throws; the lines they return do not.
namespace edge {

/// A line that exists.
struct GpioLineInfo {
    unsigned offset = 0;
    bool isUsed = false;
    std::string consumer;  ///< who uses it, in its own words; "" = nobody, or the kernel
};

/// What the chip at `path` says of itself.
GpioChip describeChip(const std::string& path);
/// nullopt where the chip has no such line.
std::optional<GpioLineInfo> findLine(const std::string& path, const GpioLine& line);

std::unique_ptr<GpioInputLine> requestInput(const std::string& path, unsigned offset, const std::string& consumer,
                                            const GpioInputConfig& config);
std::unique_ptr<GpioOutputLine> requestOutput(const std::string& path, unsigned offset, const std::string& consumer,
                                              const GpioOutputConfig& config, bool active);

/// The most edges that one readEdges() returns: a floating input must not keep the loop for itself.
inline constexpr std::size_t kMaxEdgesPerRead = 256;

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
