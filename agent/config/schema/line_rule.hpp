// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "config/config.hpp"
#include "config/schema/rules.hpp"

namespace edge {

/// A GPIO line by its offset on the chip (17) or by its name ("GPIO17").
struct LineRule {
    [[nodiscard]] KeyFacts facts() const;
    [[nodiscard]] std::string show(const GpioLine& line) const;
    Complaint read(const Value& value, GpioLine& into) const;
};

}  // namespace edge
