// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/result.hpp"
#include "gpio/gpio.hpp"

/// What gpiod_port.cpp needs: of libgpiod, by gpiod_v1.cpp or gpiod_v2.cpp, whichever fits the library that is there;
/// and pickChip(). The functions on a path may throw what libgpiod throws; the lines they return do not.
namespace edge {

/// A GPIO chip under /dev.
struct GpioChip {
    std::string path;              ///< "/dev/gpiochip0"
    std::string name;              ///< "gpiochip0"
    std::string label;             ///< "pinctrl-bcm2711"; "" where it cannot be opened
    unsigned lines = 0;            ///< how many it has
    std::optional<Error> problem;  ///< why it cannot be opened
};

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

/// The chip that a configuration means: by label, else by name; "" is the chip behind the Pi's 40-pin header, by the
/// labels that the Pi models give it, else the only chip there is. Numbers are not reliable (the Pi 5 moved them), so
/// labels win. Errors: kNotFound (with the list of what is there), kInvalid (two chips with this label), kPermission.
Result<GpioChip> pickChip(const std::vector<GpioChip>& chips, std::string_view wanted);

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
