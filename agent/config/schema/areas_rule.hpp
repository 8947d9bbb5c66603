// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/schema/rules.hpp"

namespace edge {

/// Parts of a picture: [[left, top, width, height], …] in per cent.
struct AreasRule {
    [[nodiscard]] KeyFacts facts() const;
    [[nodiscard]] std::string show(const std::vector<MotionArea>& areas) const;
    Complaint read(const Value& value, std::vector<MotionArea>& into) const;
};

}  // namespace edge
