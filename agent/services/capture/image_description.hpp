// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "camera/client/picture_source.hpp"

namespace edge {

/// What `<base>/image` and the reply say of one picture, as one JSON object.
struct ImageDescription {
    std::string id;
    std::string trigger;      ///< "command", "motion", or "gpio:<name>"
    std::string transaction;  ///< "" is left out
    std::int64_t bytes = 0;
};
/// The picture's JPEG need not be there any more.
std::string formatDescription(const ImageDescription& description, const Picture& picture);

}  // namespace edge
