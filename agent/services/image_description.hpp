// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "camera/picture_source.hpp"

namespace edge {

/// What `<base>/image` and the reply say of one picture, as one JSON object.
struct ImageDescription {
    std::string id;
    std::string trigger;      ///< "command", "motion", or "gpio:<name>"
    std::string transaction;  ///< "" is left out
    std::string sha256;
};
std::string formatDescription(const ImageDescription& description, const Picture& picture);

}  // namespace edge
