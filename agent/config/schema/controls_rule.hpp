// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>

#include "config/config.hpp"
#include "config/schema/rules.hpp"

namespace edge {

/// The table [camera.controls]: any libcamera control by its name. Which ones the camera has is known only when it is
/// open.
struct ControlsRule {
    [[nodiscard]] KeyFacts facts() const;
    [[nodiscard]] std::string show(const std::map<std::string, ControlValue>& controls) const;
    Complaint read(const Value& value, std::map<std::string, ControlValue>& into) const;
};

}  // namespace edge
