// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/result.hpp"
#include "image/jpeg/jpeg_layout.hpp"
#include "image/jpeg/turbo.hpp"

namespace edge {

/// The quality 1 … 100 at which the IJG's table 0 is nearest to the quantisation table `table` that the DQT segments
/// among `headers` define; 0 when they do not define it.
[[nodiscard]] int estimateQuality(std::span<const std::uint8_t> jpeg, const std::vector<JpegSegment>& headers,
                                  int table);

/// Below this a smaller picture looks better than a lower quality.
inline constexpr int kLowestQuality = 30;

using EncodeAt = std::function<Result<EncodedJpeg>(int quality)>;

/// An encoded picture: one that fits, or the smallest there is.
struct FittedJpeg {
    EncodedJpeg jpeg;
    int quality = 0;
    bool fits = false;
};

/// The best quality up to `quality` at which the JPEG has at most `maxBytes`, within some tries, down to
/// kLowestQuality.
Result<FittedJpeg> fitQuality(const EncodeAt& encode, int quality, std::size_t maxBytes);

}  // namespace edge
