// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "image/jpeg/jpeg_layout.hpp"

namespace edge {

/// The quality 1 … 100 at which the IJG's table 0 is nearest to the quantisation table `table` that the DQT segments
/// among `headers` define; 0 when they do not define it.
[[nodiscard]] int estimateQuality(std::span<const std::uint8_t> jpeg, const std::vector<JpegSegment>& headers,
                                  int table);

}  // namespace edge
