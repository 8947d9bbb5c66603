// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

#include "gpio/gpiod_bindings.hpp"

namespace edge {

namespace {

/// What the kernels call the chip behind the header: Pi 0 to 3, Pi 4 and 400, Pi 5 and 500.
constexpr std::array<std::string_view, 3> kHeaderLabels{"pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1"};

bool isHeader(const GpioChip& chip) {
    return std::ranges::find(kHeaderLabels, chip.label) != kHeaderLabels.end();
}

std::string describe(const std::vector<GpioChip>& chips) {
    std::string list;
    for (const GpioChip& chip : chips) {
        list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", chip.name,
                            chip.problem ? "cannot be opened" : fmt::format("{}, {} lines", chip.label, chip.lines));
    }
    return list;
}

template <typename Predicate>
std::vector<GpioChip> matching(const std::vector<GpioChip>& chips, Predicate predicate) {
    std::vector<GpioChip> found;
    std::ranges::copy_if(chips, std::back_inserter(found), predicate);
    return found;
}

Result<GpioChip> opened(const GpioChip& chip) {
    if (chip.problem) return tl::unexpected(*chip.problem);
    return chip;
}

}  // namespace

Result<GpioChip> pickChip(const std::vector<GpioChip>& chips, std::string_view wanted) {
    if (chips.empty()) {
        return fail(
            Errc::kNotFound,
            "there is no GPIO chip (/dev/gpiochip*) on this machine; on a Raspberry Pi, check that the kernel has its "
            "own device tree");
    }
    const auto byLabel = matching(chips, [&](const GpioChip& chip) {
        return !chip.problem && (wanted.empty() ? isHeader(chip) : chip.label == wanted);
    });
    if (byLabel.size() > 1) {
        return fail(Errc::kInvalid, fmt::format("{} chips are labelled {}: set chip to the path of one of {}",
                                                byLabel.size(), byLabel.front().label, describe(byLabel)));
    }
    if (byLabel.size() == 1) return byLabel.front();

    const auto byName = matching(chips, [&](const GpioChip& chip) { return chip.name == wanted; });
    if (!byName.empty()) return opened(byName.front());
    if (wanted.empty() && chips.size() == 1) return opened(chips.front());

    // The chip that is meant may be the one that this user may not open.
    const auto closed = matching(chips, [](const GpioChip& chip) { return chip.problem.has_value(); });
    if (!closed.empty()) return opened(closed.front());

    if (wanted.empty()) {
        return fail(Errc::kNotFound,
                    fmt::format("none of the GPIO chips is known as the header of a Raspberry Pi: set chip "
                                "to one of {}",
                                describe(chips)));
    }
    return fail(Errc::kNotFound, fmt::format("there is no GPIO chip \"{}\"; there is {}", wanted, describe(chips)));
}

}  // namespace edge
